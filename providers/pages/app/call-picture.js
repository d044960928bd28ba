// <call-picture>: one call as a picture: timeline, the chosen event, turns, transcript, every event.

import "./call-sound.js";
import "./event-detail.js";
import "./event-table.js";
import "./timeline.js";
import "./transcript.js";
import "./turns.js";
import { h } from "./dom.js";
import { clock, counted, moment, nameOf, seconds } from "./format.js";
import { stillHearing } from "./transcript.js";

/** @typedef {import("./kinds.js").CallEvent} CallEvent */
/** @typedef {import("./marks.js").Turn} Turn */
/**
 * What may come beside a call's events: peaks of its sound, what went over the wire by kind, the sound itself.
 * @typedef {{peaks?: {customer: Int8Array, assistant: Int8Array, rate: number}, wires?: Record<string, any[]>, sound?: Blob|string}} Extras
 */
/**
 * @typedef {{id: string, call_id: string, key: string, joined: string|null, live: boolean, started: string, seconds: number,
 *   turns: number, longest_wait: number|null, ended: string, dropped_events: number, events: CallEvent[],
 *   latencies: Turn[], transcript: import("./transcript.js").Line[]}} Call
 */

export class CallPicture extends HTMLElement {
  constructor() {
    super();
    this.timeline = /** @type {import("./timeline.js").CallTimeline} */ (document.createElement("call-timeline"));
    this.detail = /** @type {import("./event-detail.js").EventDetail} */ (document.createElement("event-detail"));
    this.turns = /** @type {import("./turns.js").TurnList} */ (document.createElement("turn-list"));
    this.transcript = /** @type {import("./transcript.js").CallTranscript} */ (document.createElement("call-transcript"));
    this.table = /** @type {import("./event-table.js").EventTable} */ (document.createElement("event-table"));
    this.sound = /** @type {import("./call-sound.js").CallSound} */ (document.createElement("call-sound"));
    /** @type {Call|null} */
    this.call = null;
    /** @type {Extras} */
    this.extras = {};
    this.shown = -1;
    this.detail.show(null);
    this.addEventListener("chosen", (event) => this.#choose(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("wanted", (event) => this.timeline.select(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("jump", (event) => this.#jump(/** @type {CustomEvent} */ (event).detail));
  }

  connectedCallback() {
    this.detail.toggleAttribute("saved", this.hasAttribute("saved"));
    if (this.timeline.isConnected) return;
    this.replaceChildren(
      h("section", { class: "card flush", "aria-label": "Timeline" }, this.timeline, this.sound),
      h("section", { class: "card", "aria-label": "Chosen event" }, this.detail),
      h(
        "div",
        { class: "columns" },
        h("section", { class: "card" }, h("h3", {}, "Why the caller waited"), this.turns),
        h("section", { class: "card" }, h("h3", {}, "Transcript"), this.transcript),
      ),
      h("details", { class: "card" }, h("summary", {}, "Every event"), this.table),
    );
  }

  /** Show a call. @param {Call} call @param {Extras} [extras] */
  show(call, extras = {}) {
    const same = call === this.call && call.events.length === this.shown;
    if (extras.sound && extras.sound !== this.extras.sound) this.sound.show(extras.sound, (at) => this.timeline.moveCursor(at === null ? null : at + soundBegin(call)));
    this.extras = { ...extras };
    this.call = call;
    this.shown = call.events.length;
    const peaks = extras.peaks && { ...extras.peaks, begin: soundBegin(call) };
    const duration = Math.max(lengthOf(call), peaks ? peaks.begin + peaks.customer.length / peaks.rate : 0);
    this.timeline.toggleAttribute("live", call.live);
    this.timeline.show({ events: call.events, latencies: call.latencies, duration, peaks });
    if (same) return;
    this.turns.show(call.latencies);
    this.transcript.show(call.transcript, call.live ? stillHearing(call.events) : "");
    this.table.show(call.events);
  }

  /** @param {CallEvent} event */
  #choose(event) {
    const events = this.call?.events ?? [];
    const kept = this.extras.wires?.[event.kind];
    const number = events.filter((one) => one.kind === event.kind && one.at < event.at).length;
    this.detail.show(event, events, kept?.[number]);
  }

  /** Show the event at or after a time. @param {number} at seconds */
  #jump(at) {
    const event = this.call?.events.find((one) => one.at >= at - 0.001);
    if (event) this.timeline.select(event);
  }
}

/** Seconds from the first event to the end of the last. @param {Call} call */
function lengthOf(call) {
  const last = call.events.at(-1);
  return Math.max(call.seconds, last ? last.at : 0, 1);
}

/** When the sound of a call began, in seconds of its events. @param {Call} call */
function soundBegin(call) {
  const first = call.events.find((event) => event.kind === "first-frame");
  return first ? first.at - (first.audio ?? 0) : 0;
}

/** The facts of a call under its name. @param {Call} call */
export function facts(call) {
  const rows = [
    ["started", moment(call.started)],
    ["length", clock(call.seconds)],
    ["turns", String(call.turns)],
    ["longest wait", call.longest_wait === null ? "–" : seconds(call.longest_wait)],
    ["joined by", call.joined ?? ""],
    ["ended", call.live ? "" : call.ended || "not told"],
    ["left out", call.dropped_events ? counted(call.dropped_events, "event") : ""],
  ];
  const shown = rows.filter(([, value]) => value);
  return h("dl", { class: "facts" }, ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** The title of a call. @param {Call} call @param {...Node} more */
export function title(call, ...more) {
  const badge = call.live ? h("span", { class: "badge live" }, "live") : h("span", { class: "badge" }, "finished");
  return h("div", { class: "call-title" }, h("h2", {}, nameOf(call)), badge, ...more);
}

customElements.define("call-picture", CallPicture);
