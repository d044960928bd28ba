// The script of a saved call: shows the data that lies in the same file.

import "./call-picture.js";
import { facts, title } from "./call-picture.js";
import { h } from "./dom.js";

const kept = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("data")).textContent ?? "{}");
const picture = /** @type {import("./call-picture.js").CallPicture} */ (document.createElement("call-picture"));
picture.setAttribute("saved", "");
document.getElementById("saved")?.append(h("header", { class: "call-head" }, title(kept.call), facts(kept.call)), picture);
const peaks = kept.peaks && {
  rate: kept.peaks.rate,
  customer: Int8Array.from(kept.peaks.customer),
  assistant: Int8Array.from(kept.peaks.assistant),
};
picture.show({ ...kept.call, live: false }, { peaks, wires: kept.wires, sound: kept.sound });
