// <call-list>: live and finished calls of the server, live ones first.

import { askJson, Refused, server } from "./api.js";
import { h } from "./dom.js";
import { clock, counted, moment, nameOf, seconds } from "./format.js";

const EVERY = 2500;
/** Milliseconds between two looks while the page is seen. */

/** @typedef {import("./call-picture.js").Call} Call */

export class CallList extends HTMLElement {
  constructor() {
    super();
    this.chosen = "";
    /** @type {Call[]} */
    this.calls = [];
    /** Calls in the folder of recordings. @type {Call[]} */
    this.recordings = [];
    this.finished = -1;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.timer = undefined;
    this.stop = new AbortController();
    this.shown = "";
  }

  connectedCallback() {
    this.stop = new AbortController();
    this.#look();
  }

  disconnectedCallback() {
    this.stop.abort();
    clearTimeout(this.timer);
  }

  /** Mark the call that is shown beside the list. @param {string} id */
  choose(id) {
    this.chosen = id;
    this.#draw();
  }

  async #look() {
    clearTimeout(this.timer);
    const { signal } = this.stop;
    try {
      if (!document.hidden) {
        this.calls = (await askJson("api/calls", signal)).calls;
        await this.#lookForRecordings(signal);
        this.#draw();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status === 401) {
        this.dispatchEvent(new CustomEvent("refused", { bubbles: true }));
        return;
      }
      this.shown = "";
      this.replaceChildren(h("p", { class: "fault", role: "alert" }, "The server cannot be reached."));
    }
    this.timer = setTimeout(() => this.#look(), EVERY);
  }

  /** Read the recordings again when a call has finished. @param {AbortSignal} signal */
  async #lookForRecordings(signal) {
    const finished = this.calls.filter((call) => !call.live).length;
    if (!server.facts.recordings || finished === this.finished) return;
    this.finished = finished;
    this.recordings = (await askJson("api/recordings", signal)).recordings;
  }

  #draw() {
    const now = JSON.stringify([this.calls, this.recordings, this.chosen]);
    if (now === this.shown) return;
    this.shown = now;
    const focused = this.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    const rows = (/** @type {Call[]} */ calls, /** @type {string} */ place) => h("ul", { class: "calls" }, ...calls.map((call) => this.#row(call, place)));
    const earlier = this.recordings.filter((one) => !this.calls.some((call) => call.id === one.id));
    this.replaceChildren(
      this.calls.length ? rows(this.calls, "calls") : none(),
      ...(earlier.length ? [h("h2", { class: "earlier" }, "Recorded earlier"), rows(earlier, "recordings")] : []),
    );
    if (focused) [...this.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }

  /** @param {Call} call @param {string} place */
  #row(call, place) {
    const wait = call.longest_wait === null ? "" : `longest wait ${seconds(call.longest_wait)}`;
    const told = [clock(call.seconds), counted(call.turns, "turn"), wait].filter(Boolean).join(" · ");
    const current = call.id === this.chosen || call.call_id === this.chosen;
    return h(
      "li",
      {},
      h(
        "a",
        { href: `#/${place}/${encodeURIComponent(call.id)}`, "aria-current": current ? "true" : null },
        h("span", { class: "call-name" }, nameOf(call)),
        call.live ? h("span", { class: "badge live" }, "live") : h("time", { datetime: call.started }, moment(call.started)),
        h("small", {}, told),
      ),
    );
  }
}

function none() {
  return h(
    "div",
    { class: "quiet" },
    h("p", {}, "No call yet. Make one:"),
    h("pre", { tabindex: "0" }, "vapi-providers call --say \"I would like to book a table.\""),
  );
}

customElements.define("call-list", CallList);
