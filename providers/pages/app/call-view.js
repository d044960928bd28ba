// <call-view>: one call of the server's, live while it goes on.

import "./call-picture.js";
import "./replay-panel.js";
import { askJson, events, Refused, server } from "./api.js";
import { facts, title } from "./call-picture.js";
import { announce, copy, download, h } from "./dom.js";
import { quoted } from "./format.js";
import { recordedSound } from "./recording.js";
import { packed, savedPage } from "./save.js";

/** @typedef {import("./call-picture.js").Call} Call */
/** @typedef {import("./kinds.js").CallEvent} CallEvent */

const AGAIN = 700;
/** Milliseconds after an event in which more of them come before the call is read again. */

const TELLING = new Set(["final", "first-audio", "voice-ended", "joined", "released", "interrupted", "speech-started", "closed", "ended"]);
/** Kinds that change turns, transcript or name. */

export class CallView extends HTMLElement {
  constructor() {
    super();
    this.picture = /** @type {import("./call-picture.js").CallPicture} */ (document.createElement("call-picture"));
    this.head = h("header", { class: "call-head" });
    /** @type {Call|null} */
    this.call = null;
    /** Whether the page around it tells where to go back to. */
    this.embedded = false;
    /** Whether the call lies in the folder of recordings, and no longer in the server's memory. */
    this.recorded = false;
    /** @type {import("./call-picture.js").Extras} */
    this.extras = {};
    this.stop = new AbortController();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.reading = undefined;
  }

  disconnectedCallback() {
    this.stop.abort();
    clearTimeout(this.reading);
  }

  /** Show a call, and follow it while it is live. @param {string} id */
  async open(id) {
    this.stop.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.call = null;
    this.replaceChildren(h("p", { class: "quiet", role: "status" }, "Reading the call …"));
    try {
      const call = await this.#read(id, signal);
      this.replaceChildren(this.head, this.picture);
      if (call.live) await this.#follow(id, signal);
      await this.#addRecording(signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** Add sound and replay, where the call was recorded. @param {AbortSignal} signal */
  async #addRecording(signal) {
    const call = /** @type {Call} */ (this.call);
    if (!server.facts.recordings) return;
    const { recordings } = await askJson("api/recordings", signal);
    if (!recordings.some((/** @type {Call} */ one) => one.id === call.id)) return;
    if (!this.extras.sound) this.extras = { ...this.extras, ...(await recordedSound(call.id, signal)) };
    const panel = /** @type {import("./replay-panel.js").ReplayPanel} */ (document.createElement("replay-panel"));
    panel.show(call);
    this.append(h("section", { class: "card", "aria-label": "Replay" }, panel));
    this.refresh();
  }

  /** Show what has come beside the events. */
  refresh() {
    if (this.call) this.picture.show(this.call, this.extras);
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #read(id, signal) {
    const call = /** @type {Call} */ (await askJson(this.#path(id), signal));
    this.call = call;
    this.#show();
    return call;
  }

  /** @param {string} id @param {AbortSignal} signal */
  async #follow(id, signal) {
    const known = /** @type {Call} */ (this.call);
    known.events = [];
    for await (const { event, data } of events(`${this.#path(id)}/events`, signal)) {
      const call = /** @type {Call} */ (this.call);
      if (event === "finished") break;
      if (event === "missed") continue;
      call.events.push(data);
      call.seconds = Math.max(call.seconds, data.at);
      this.#show();
      if (TELLING.has(data.kind)) this.#soon(id, signal);
    }
    clearTimeout(this.reading);
    await this.#read(id, signal);
    announce("The call has finished.");
  }

  /** Read turns and transcript again, once for several events. @param {string} id @param {AbortSignal} signal */
  #soon(id, signal) {
    clearTimeout(this.reading);
    this.reading = setTimeout(async () => {
      try {
        const read = await askJson(this.#path(id), signal);
        const followed = this.call?.events ?? [];
        this.call = { ...read, events: read.events.length >= followed.length ? read.events : followed, live: true };
        this.#show();
      } catch (error) {
        if (!signal.aborted) announce(String(error));
      }
    }, AGAIN);
  }

  #show() {
    const call = /** @type {Call} */ (this.call);
    const back = this.embedded ? "" : h("a", { class: "back", href: "#/" }, "‹ All calls");
    const actions = h(
      "div",
      { class: "actions" },
      h("button", { type: "button", onclick: () => copy(curl(this.#path(call.id))) }, "Copy as curl"),
      h("button", { type: "button", onclick: () => this.#save() }, "Download as HTML"),
    );
    const focused = this.head.contains(document.activeElement) ? document.activeElement?.textContent : null;
    this.head.replaceChildren(back, title(call), facts(call), actions);
    if (focused) [...this.head.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
    this.refresh();
  }

  /** @param {string} id */
  #path(id) {
    return `api/${this.recorded ? "recordings" : "calls"}/${encodeURIComponent(id)}`;
  }

  async #save() {
    const call = /** @type {Call} */ (this.call);
    try {
      download(`call-${call.id}.html`, await savedPage(await packed(call, this.extras)), "text/html");
      announce("Saved as one file.");
    } catch (error) {
      announce(`Not saved: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof Refused && error.status === 401) {
      this.dispatchEvent(new CustomEvent("refused", { bubbles: true }));
      return;
    }
    const known = error instanceof Refused && error.status === 404;
    const text = known ? "The server does not remember this call." : "The server cannot be reached.";
    this.replaceChildren(h("a", { class: "back", href: "#/" }, "‹ All calls"), h("p", { class: "fault", role: "alert" }, text));
  }
}

/** @param {string} path */
function curl(path) {
  return `curl -H "X-Vapi-Secret: $VAPI_SECRET" ${quoted(new URL(path, location.href).href)}`;
}

customElements.define("call-view", CallView);
