// <call-picture>: one call as a picture: timeline, the chosen event, turns, transcript, every event.

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
    /** @type {Call|null} */
    this.call = null;
    this.detail.show(null);
    this.addEventListener("chosen", (event) => this.detail.show(/** @type {CustomEvent} */ (event).detail, this.call?.events));
    this.addEventListener("wanted", (event) => this.timeline.select(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("jump", (event) => this.#jump(/** @type {CustomEvent} */ (event).detail));
  }

  connectedCallback() {
    this.detail.toggleAttribute("saved", this.hasAttribute("saved"));
    if (this.timeline.isConnected) return;
    this.replaceChildren(
      h("section", { class: "card flush", "aria-label": "Timeline" }, this.timeline),
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

  /** Show a call. @param {Call} call @param {import("./marks.js").Peaks} [peaks] */
  show(call, peaks) {
    this.call = call;
    this.timeline.toggleAttribute("live", call.live);
    this.timeline.show({ events: call.events, latencies: call.latencies, duration: lengthOf(call), peaks });
    this.turns.show(call.latencies);
    this.transcript.show(call.transcript, call.live ? stillHearing(call.events) : "");
    this.table.show(call.events);
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
