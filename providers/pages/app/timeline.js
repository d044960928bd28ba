// <call-timeline>: both sides of a call on one clock, with every event as a mark.

import { h, placed } from "./dom.js";
import { lanes, markButton, ruler } from "./marks.js";

/** @typedef {import("./marks.js").Picture} Picture */
/** @typedef {import("./kinds.js").CallEvent} CallEvent */

const LEAST = 30;
const MOST = 480;
const MARGIN = 110;
/** Pixels per second: the least that a call is first shown at, the most of zooming; and pixels around the clock, with
 * room for the last words. */

export class CallTimeline extends HTMLElement {
  constructor() {
    super();
    /** @type {Picture} */
    this.call = { events: [], latencies: [], duration: 0 };
    /** @type {number|null} */
    this.scale = null;
    this.focused = 0;
    this.selected = -1;
    this.drawing = false;
    this.held = false;
    this.released = () => setTimeout(() => { this.held = false; });
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": "Timeline; arrow keys walk from event to event" });
    this.cursor = h("div", { class: "cursor", hidden: true });
    this.observer = new ResizeObserver(() => this.redraw());
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.recoloured = () => this.redraw();
  }

  connectedCallback() {
    if (!this.scroller.isConnected) this.replaceChildren(this.#tools(), this.scroller);
    // A mark that is pressed stays the same until it is let go; otherwise the click would find another one.
    this.scroller.addEventListener("pointerdown", () => { this.held = true; });
    addEventListener("pointerup", this.released);
    this.scroller.addEventListener("keydown", (event) => this.#walk(event));
    this.observer.observe(this);
    this.scheme.addEventListener("change", this.recoloured);
  }

  disconnectedCallback() {
    removeEventListener("pointerup", this.released);
    this.observer.disconnect();
    this.scheme.removeEventListener("change", this.recoloured);
  }

  /** Show a call. @param {Picture} call */
  show(call) {
    this.call = call;
    if (!this.held) this.redraw();
  }

  /** Draw once, before the next frame. */
  redraw() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      if (this.isConnected) this.#draw();
    });
  }

  /** Pixels per second. */
  get shownScale() {
    return this.scale ?? Math.min(160, Math.max(LEAST, this.#fitting()));
  }

  /** Move the line of playback. @param {number|null} at seconds; null hides it */
  moveCursor(at) {
    this.cursor.hidden = at === null;
    if (at === null) return;
    const left = at * this.shownScale;
    placed(this.cursor, left);
    const { scrollLeft, clientWidth } = this.scroller;
    if (left < scrollLeft || left > scrollLeft + clientWidth - 40) this.scroller.scrollLeft = left - clientWidth / 4;
  }

  /** Mark an event, and bring it into view. @param {CallEvent} event */
  select(event) {
    this.selected = this.call.events.indexOf(event);
    for (const mark of this.#marks()) mark.setAttribute("aria-pressed", String(Number(mark.dataset.index) === this.selected));
    this.dispatchEvent(new CustomEvent("chosen", { detail: event, bubbles: true }));
    this.#into(event.at);
  }

  /** @param {number} at seconds */
  #into(at) {
    const left = at * this.shownScale;
    const { scrollLeft, clientWidth } = this.scroller;
    if (left < scrollLeft + 20 || left > scrollLeft + clientWidth - 60) {
      this.scroller.scrollTo({ left: left - clientWidth / 3 });
    }
  }

  #fitting() {
    return (this.scroller.clientWidth - MARGIN) / Math.max(1, this.call.duration);
  }

  #draw() {
    const { scroller, call } = this;
    const atEnd = scroller.scrollLeft + scroller.clientWidth >= scroller.scrollWidth - 24;
    const hadFocus = scroller.contains(document.activeElement) && document.activeElement !== scroller;
    const left = scroller.scrollLeft;
    const scale = this.shownScale;
    const indexes = new Map(call.events.map((event, index) => [event, index]));
    const made = lanes(call, scale, (event) => this.#button(event, indexes.get(event) ?? -1));
    const sheet = h("div", { class: "sheet" }, ruler(call.duration, scale), ...made, h("div", { class: "track" }, this.cursor));
    sheet.style.width = `${Math.max(scroller.clientWidth, Math.floor(call.duration * scale) + MARGIN)}px`;
    scroller.replaceChildren(sheet);
    scroller.scrollLeft = atEnd && this.hasAttribute("live") ? scroller.scrollWidth : left;
    this.#reach(hadFocus);
  }

  /** @param {CallEvent} event @param {number} index */
  #button(event, index) {
    const made = markButton(event, index);
    made.setAttribute("aria-pressed", String(index === this.selected));
    made.addEventListener("click", () => {
      this.focused = index;
      this.#reach(false);
      this.select(event);
    });
    return made;
  }

  /** @returns {HTMLButtonElement[]} */
  #marks() {
    return [...this.scroller.querySelectorAll("button.mark")].map((one) => /** @type {HTMLButtonElement} */ (one));
  }

  /** Let the tab key reach one mark. @param {boolean} focus */
  #reach(focus) {
    const marks = this.#marks();
    if (!marks.length) return;
    const wanted = marks.find((mark) => Number(mark.dataset.index) === this.focused) ?? marks[0];
    for (const mark of marks) mark.tabIndex = mark === wanted ? 0 : -1;
    if (focus) wanted.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const marks = this.#marks().sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index));
    const from = marks.findIndex((mark) => Number(mark.dataset.index) === this.focused);
    const onMark = document.activeElement !== this.scroller;
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: onMark ? from + 1 : from, ArrowLeft: onMark ? from - 1 : from, Home: 0, End: marks.length - 1 };
    if (!(event.key in steps) || !marks.length) return;
    event.preventDefault();
    const next = marks[Math.min(marks.length - 1, Math.max(0, steps[event.key]))];
    this.focused = Number(next.dataset.index);
    this.#reach(true);
    this.#into(this.call.events[this.focused].at);
  }

  #tools() {
    const zoom = (/** @type {string} */ label, /** @type {string} */ text, /** @type {() => number|null} */ scale) =>
      h("button", { type: "button", "aria-label": label, title: label, onclick: () => { this.scale = scale(); this.redraw(); } }, text);
    return h(
      "div",
      { class: "tools", role: "group", "aria-label": "Zoom" },
      zoom("Zoom out", "−", () => Math.max(2, this.shownScale / 1.6)),
      zoom("Fit the whole call", "Fit", () => this.#fitting()),
      zoom("Zoom in", "+", () => Math.min(MOST, this.shownScale * 1.6)),
    );
  }
}

customElements.define("call-timeline", CallTimeline);
