// <event-table>: every event of a call as a row, to be searched.

import { h } from "./dom.js";
import { seconds } from "./format.js";
import { kindOf, saying } from "./kinds.js";

/** @typedef {import("./kinds.js").CallEvent} CallEvent */

export class EventTable extends HTMLElement {
  constructor() {
    super();
    /** @type {CallEvent[]} */
    this.events = [];
    this.filter = h("input", { type: "search", placeholder: "Filter by kind or text", "aria-label": "Filter events", oninput: () => this.#draw() });
    this.body = h("tbody");
    this.note = h("p", { class: "quiet", role: "status" });
  }

  connectedCallback() {
    if (this.body.isConnected) return;
    const head = h("tr", {}, ...["at", "event", "what"].map((text) => h("th", { scope: "col" }, text)));
    this.replaceChildren(this.filter, this.note, h("table", {}, h("thead", {}, head), this.body));
  }

  /** @param {CallEvent[]} events */
  show(events) {
    this.events = events;
    this.#draw();
  }

  #draw() {
    const wanted = this.filter.value.trim().toLowerCase();
    const shown = this.events.filter((event) => !wanted || `${event.kind} ${kindOf(event).label} ${saying(event)}`.toLowerCase().includes(wanted));
    this.note.textContent = `${shown.length} of ${this.events.length}`;
    this.body.replaceChildren(...shown.map((event) => this.#row(event)));
  }

  /** @param {CallEvent} event */
  #row(event) {
    const choose = h("button", { type: "button", class: "link" }, seconds(event.at));
    choose.addEventListener("click", () => this.dispatchEvent(new CustomEvent("wanted", { detail: event, bubbles: true })));
    return h("tr", {}, h("td", {}, choose), h("td", {}, kindOf(event).label), h("td", {}, saying(event)));
  }
}

customElements.define("event-table", EventTable);
