// <call-sound>: the sound of a call, with a line that walks over its timeline.

import { h } from "./dom.js";

export class CallSound extends HTMLElement {
  /**
   * @param {Blob|string} source a file, or a data URL
   * @param {(at: number|null) => void} onMove is told the seconds of sound that are played
   */
  show(source, onMove) {
    const url = typeof source === "string" ? source : URL.createObjectURL(source);
    const audio = h("audio", { controls: true, src: url, preload: "metadata" });
    const speeds = ["0.5", "1", "1.5", "2"].map((speed) => h("option", { value: speed, selected: speed === "1" }, `${speed} ×`));
    const speed = h("select", { "aria-label": "Speed" }, ...speeds);
    speed.addEventListener("change", () => { audio.playbackRate = Number(speed.value); });
    const move = () => {
      onMove(audio.currentTime);
      if (!audio.paused) requestAnimationFrame(move);
    };
    audio.addEventListener("play", move);
    audio.addEventListener("seeked", move);
    audio.addEventListener("ended", () => onMove(null));
    const kind = (typeof source === "string" ? source.slice(5, 30) : source.type).includes("flac") ? "flac" : "wav";
    const file = h("a", { class: "button", href: url, download: `call.${kind}` }, kind.toUpperCase());
    this.replaceChildren(audio, speed, file);
  }
}

customElements.define("call-sound", CallSound);
