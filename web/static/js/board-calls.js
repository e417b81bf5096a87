/** How a number is called on the board: its panel lights up, two tones and a voice, and a text for screen readers. */

const FRESH_MS = 8000;
const TONES_HZ = [880, 660];
const APART_S = 0.35;

export class Caller {
  /**
   * @param {HTMLElement} board
   * @param {string[]} spoken the screen's languages, in the order in which they call
   */
  constructor(board, spoken) {
    this.spoken = spoken;
    this.panel = board.querySelector(".board-called");
    this.said = board.querySelector("[data-said]");
    this.audio = new AudioContext();
    this.fading = 0;
    const button = board.querySelector("[data-sound]");
    if (button instanceof HTMLElement) this.wire(button);
  }

  /** Browsers let a page sound only after somebody has touched it, unless the screen is set up to allow it. @param {HTMLElement} button */
  wire(button) {
    const shown = () => {
      button.hidden = this.audio.state === "running";
    };
    this.audio.addEventListener("statechange", shown);
    button.addEventListener("click", () => void this.audio.resume());
    shown();
  }

  /** @param {string[]} texts the call in each language */
  call(texts) {
    this.panel?.classList.add("fresh");
    window.clearTimeout(this.fading);
    this.fading = window.setTimeout(() => this.panel?.classList.remove("fresh"), FRESH_MS);
    this.announce(texts.join(". "));
    if (this.audio.state !== "running") return;
    TONES_HZ.forEach((pitch, index) => this.tone(pitch, this.audio.currentTime + index * APART_S));
    if (!("speechSynthesis" in window)) return;
    texts.forEach((text, index) => {
      const said = new SpeechSynthesisUtterance(text);
      said.lang = this.spoken[index] === "en" ? "en-GB" : "vi-VN";
      window.speechSynthesis.speak(said);
    });
  }

  /** Emptied first, so that the same number called again is read again. @param {string} text */
  announce(text) {
    const place = this.said;
    if (!place) return;
    place.textContent = "";
    window.setTimeout(() => {
      place.textContent = text;
    }, 100);
  }

  /**
   * @param {number} pitch Hz
   * @param {number} start s
   */
  tone(pitch, start) {
    const tone = this.audio.createOscillator();
    const loudness = this.audio.createGain();
    loudness.gain.setValueAtTime(0.3, start);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.6);
    tone.frequency.value = pitch;
    tone.connect(loudness).connect(this.audio.destination);
    tone.start(start);
    tone.stop(start + 0.6);
  }
}
