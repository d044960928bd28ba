// <play-view>: the playground. One talks, or types, and sees the call as it happens.

import "./call-view.js";
import "./play-form.js";
import { announce, h } from "./dom.js";
import { PlayCall } from "./play-call.js";

const REDRAWN = 300;
/** Milliseconds between two looks at the growing waveforms. */

export class PlayView extends HTMLElement {
  constructor() {
    super();
    this.form = /** @type {import("./play-form.js").PlayForm} */ (document.createElement("play-form"));
    this.view = /** @type {import("./call-view.js").CallView} */ (document.createElement("call-view"));
    /** @type {PlayCall|null} */
    this.call = null;
    /** What went wrong in the call. */
    this.fault = "";
    this.button = h("button", { type: "button", class: "primary call-button", onclick: () => this.#press() }, "Call");
    this.mute = h("button", { type: "button", "aria-pressed": "false", disabled: true, onclick: () => this.#mute() }, "Mute");
    this.state = h("p", { class: "state" }, "Ready.");
    /** What a screen reader says: states and whole lines, not each word that is heard. */
    this.spoken = h("p", { class: "unseen", role: "status" });
    this.levels = { customer: level("You"), assistant: level("Assistant") };
    this.line = h("input", { name: "line", placeholder: "or type what the caller says", "aria-label": "What the caller says", autocomplete: "off", disabled: true, maxlength: 1000 });
    /** @type {ReturnType<typeof setInterval>|undefined} */
    this.timer = undefined;
  }

  /** @param {any} facts */
  open(facts) {
    this.form.show(facts);
    const say = h("form", { class: "say" }, this.line, h("button", {}, "Say"));
    say.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.line.value.trim()) this.call?.say(this.line.value.trim());
      this.line.value = "";
    });
    const meters = h("div", { class: "meters" }, ...Object.values(this.levels).map((one) => one.parentElement ?? one));
    const talk = h("section", { class: "card talk", "aria-label": "Talk" }, h("div", { class: "buttons" }, this.button, this.mute), this.state, this.spoken, meters, say);
    const settings = h("details", { class: "card settings", open: true }, h("summary", {}, "The next call"), this.form);
    this.place = h("section", { class: "shown", "aria-label": "This call" }, h("p", { class: "quiet hint" }, "Press “Call” and speak. Both sides, every transcript and every decision appear here."));
    this.replaceChildren(h("div", { class: "side" }, h("h1", {}, "Playground"), talk, settings), this.place);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    this.call?.hangUp();
  }

  async #press() {
    if (this.call && !this.call.over) {
      this.call.hangUp();
      return;
    }
    const call = new PlayCall(this.form.start, this.form.microphone);
    this.call = call;
    this.fault = "";
    this.#say("calling", "Calling …");
    call.addEventListener("ready", () => this.#ready(call));
    call.addEventListener("event", (event) => this.#event(/** @type {CustomEvent} */ (event).detail));
    call.addEventListener("level", (event) => this.#level(/** @type {CustomEvent} */ (event).detail));
    call.addEventListener("over", (event) => this.#over(call, /** @type {CustomEvent} */ (event).detail));
    this.button.textContent = "Hang up";
    this.button.classList.add("hang-up");
    try {
      await call.dial();
    } catch (error) {
      call.dispatchEvent(new CustomEvent("over", { detail: { reason: "", fault: error instanceof Error ? error.message : String(error) } }));
    }
  }

  /** @param {PlayCall} call */
  #ready(call) {
    this.#say("listening", call.sound.fault ? `No microphone: ${call.sound.fault}. Type instead.` : "Listening.");
    if (call.sound.fault || !call.microphone) this.line.focus();
    this.line.disabled = false;
    this.mute.disabled = !call.sound.stream;
    this.view = /** @type {import("./call-view.js").CallView} */ (document.createElement("call-view"));
    this.view.embedded = true;
    this.view.extras = { peaks: call.tape.peaks, wires: call.wires };
    this.place?.replaceChildren(this.view);
    this.view.open(call.id);
    this.timer = setInterval(() => {
      this.view.extras.peaks = call.tape.peaks;
      this.view.refresh();
    }, REDRAWN);
  }

  /** @param {{kind: string, detail: any}} event */
  #event({ kind, detail }) {
    if (kind === "speech-started") this.#say("speaking", "The assistant speaks.");
    else if (kind === "speech-stopped" || kind === "interrupted") this.#say("listening", kind === "interrupted" || detail.interrupted ? "Interrupted; listening." : "Listening.");
    else if (kind === "transcript") this.#say(detail.final ? "heard" : "hearing", `“${detail.text}”${detail.final ? "" : " …"}`);
    else if (kind === "model-asked") this.#say("thinking", "The assistant thinks.");
    else if (kind === "voice-failed" || kind === "transcriber-lost") {
      this.fault = `${kind === "voice-failed" ? "The voice failed" : "The transcriber was lost"}: ${detail.error}`;
      this.#say("fault", this.fault);
    }
  }

  /** @param {{customer: number, assistant: number}} found */
  #level(found) {
    this.levels.customer.value = found.customer;
    this.levels.assistant.value = found.assistant;
  }

  /** @param {PlayCall} call @param {{reason: string, fault: string}} ended */
  #over(call, { reason, fault }) {
    clearInterval(this.timer);
    this.button.textContent = "Call";
    this.button.classList.remove("hang-up");
    this.line.disabled = true;
    this.mute.disabled = true;
    this.#level({ customer: 0, assistant: 0 });
    const why = fault || this.fault;
    this.#say(why ? "fault" : "over", why || `The call is over${reason ? ` (${reason})` : ""}.`);
    if (!call.id) return;
    this.view.extras = { peaks: call.tape.peaks, wires: call.wires, sound: call.tape.samples ? call.tape.wav() : undefined };
    this.view.refresh();
  }

  #mute() {
    if (!this.call) return;
    this.call.sound.muted = !this.call.sound.muted;
    this.mute.setAttribute("aria-pressed", String(this.call.sound.muted));
    announce(this.call.sound.muted ? "Muted." : "Not muted.");
  }

  /** @param {string} state @param {string} text */
  #say(state, text) {
    this.dataset.state = state;
    this.state.textContent = text;
    if (state !== "hearing") this.spoken.textContent = text;
  }
}

/** @param {string} name */
function level(name) {
  const meter = h("meter", { min: 0, max: 1, low: 0, high: 1, optimum: 0.5, value: 0, "aria-label": `Level: ${name}` });
  h("div", { class: "meter" }, h("span", {}, name), meter);
  return meter;
}

customElements.define("play-view", PlayView);
