// Elements made without a template: no text of a call ever becomes HTML.

/**
 * An element with properties and children; `class`, `data-…`, `aria-…` and other attributes go by their names.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/**
 * Put an element at a place of its lane. The policy forbids style attributes, not the style object.
 * @template {HTMLElement} E
 * @param {E} element @param {number} left @param {number} [width] pixels
 */
export function placed(element, left, width) {
  element.style.left = `${left}px`;
  if (width !== undefined) element.style.width = `${width}px`;
  return element;
}

/** Copy a text; where the browser does not allow it, show it for copying by hand. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied.");
  } catch {
    const area = h("textarea", { readonly: true, rows: 8, "aria-label": "Text to copy" });
    area.value = text;
    const dialog = h("dialog", { class: "copying" }, h("p", {}, "Copy this text:"), area, closing());
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
    area.select();
  }
}

function closing() {
  return h("form", { method: "dialog" }, h("button", {}, "Close"));
}

/** Offer a file. @param {string} name @param {BlobPart} content @param {string} type */
export function download(name, content, type) {
  const link = h("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Tell something to people who see the page and to those who hear it. @param {string} text */
export function announce(text) {
  const place = document.querySelector("[role=status].toast") ?? h("div", { role: "status", class: "toast" });
  if (!place.isConnected) document.body.append(place);
  place.textContent = text;
  place.classList.add("shown");
  setTimeout(() => place.classList.remove("shown"), 2500);
}
