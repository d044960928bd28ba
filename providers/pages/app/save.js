// A call as one HTML file that opens without a server: style, scripts and data inside.

const MODULES = [
  "dom.js", "format.js", "kinds.js", "waveform.js", "marks.js", "timeline.js", "turns.js", "transcript.js",
  "event-detail.js", "event-table.js", "call-sound.js", "call-picture.js", "saved.js",
];
/** In the order of their imports. */

const LARGEST = 16 * 1024 * 1024;
/** Bytes of sound that go into the file: four minutes at 16 kHz. */

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; media-src data: blob:";

/**
 * The file's text.
 * @param {Record<string, any>} data what the file shows; it becomes JSON inside
 */
export async function savedPage(data) {
  const read = async (/** @type {string} */ name) => (await fetch(`page/${name}`)).text();
  const [style, ...sources] = await Promise.all(["page.css", ...MODULES].map(read));
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>Call ${escaped(data.call.call_id || data.call.id)}</title><style>${style}</style></head><body><main id="saved"></main>`,
    `<script type="application/json" id="data">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>`,
    `<script type="module">${joined(sources)}</script></body></html>`,
  ].join("\n");
}

/**
 * A call and what came beside it, as JSON can hold it.
 * @param {import("./call-picture.js").Call} call @param {import("./call-picture.js").Extras} extras
 */
export async function packed(call, extras) {
  const { peaks, wires, sound } = extras;
  const small = sound instanceof Blob && sound.size <= LARGEST ? sound : null;
  return {
    call,
    wires,
    peaks: peaks && { rate: peaks.rate, customer: [...peaks.customer], assistant: [...peaks.assistant] },
    sound: small ? await dataUrl(small) : undefined,
  };
}

/** @param {Blob} blob @returns {Promise<string>} */
function dataUrl(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

/**
 * Modules as one: they import nothing but each other, by name, and no two of them use a name for different things.
 * @param {string[]} sources
 */
export function joined(sources) {
  return sources
    .map((source) => source.replaceAll(/^import [^;]*;$/gm, "").replaceAll(/^export /gm, ""))
    .join("\n")
    .replaceAll("</", "<\\/");
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
