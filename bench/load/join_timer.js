// Notes when the person clicked and when the first picture of somebody else was shown, in any page.
(() => {
  const remote = new Set(), watched = new WeakSet();
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("track", (event) => remote.add(event.track.id));
    }
  };
  window.joinTimes = { click: null, frame: null };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-action=check-done], #join")) window.joinTimes.click = performance.now();
  }, true);
  const look = () => {
    for (const video of document.querySelectorAll("video")) {
      const tracks = video.srcObject?.getVideoTracks() ?? [];
      if (watched.has(video) || !tracks.some((track) => remote.has(track.id))) continue;
      watched.add(video);
      video.requestVideoFrameCallback(() => { window.joinTimes.frame ??= performance.now(); });
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
