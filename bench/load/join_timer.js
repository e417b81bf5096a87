// Notes when the person clicked, when the first picture of somebody else was shown, and what came between, in any page.
(() => {
  const remote = new Set(), watched = new WeakSet();
  const times = window.joinTimes = { click: null, frame: null, steps: {} };
  const reached = (step) => {
    if (times.click !== null) times.steps[step] ??= performance.now() - times.click;
  };

  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("open", () => reached("socket open"));
      this.addEventListener("message", () => reached("first answer"));
    }
    send(data) {
      reached("first word");
      if (String(data).includes('"subscribe"')) reached("asked");
      super.send(data);
    }
  };

  const NativePeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativePeer {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener("track", (event) => remote.add(event.track.id));
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") reached("connected");
      });
    }
    setRemoteDescription(description) {
      if (description?.type === "offer") reached("offer");
      return super.setRemoteDescription(description);
    }
    async setLocalDescription(...parameters) {
      await super.setLocalDescription(...parameters);
      if (this.localDescription?.type === "answer") reached("answer");
    }
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-action=check-done], #join")) times.click = performance.now();
  }, true);

  const look = () => {
    for (const video of document.querySelectorAll("video")) {
      const tracks = video.srcObject?.getVideoTracks() ?? [];
      if (watched.has(video) || !tracks.some((track) => remote.has(track.id))) continue;
      watched.add(video);
      reached("picture's place");
      video.requestVideoFrameCallback(() => { times.frame ??= performance.now(); });
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
