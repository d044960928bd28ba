// The server's API: a token from the address, JSON, and server-sent events.

/** What the server tells of itself, once it is known. @type {{facts: any}} */
export const server = { facts: {} };

const KEY = "vapi-providers token";

/** Take the token out of the address, so that it is in no bookmark and in no picture of the screen; go where it says. */
export function takeToken() {
  const found = /^#token=([^&]*)(?:&go=([\w/-]*))?$/.exec(location.hash);
  if (!found) return;
  if (found[1]) keepToken(decodeURIComponent(found[1]));
  history.replaceState(null, "", `${location.pathname}${location.search}#/${found[2] ?? ""}`);
}

/** @param {string} token */
export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

/** An answer that is no success. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {string} path @param {AbortSignal} [signal] @param {any} [message] is posted as JSON */
export async function ask(path, signal, message) {
  /** @type {Record<string, string>} */
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  if (message !== undefined) headers["Content-Type"] = "application/json";
  const posted = message === undefined ? {} : { method: "POST", body: JSON.stringify(message) };
  const response = await fetch(path, { headers, signal, cache: "no-store", ...posted });
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new Refused(response.status, body.error ?? `${path} answered with ${response.status}`);
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function askJson(path, signal) {
  return (await ask(path, signal)).json();
}

/**
 * The server-sent events of one answer. An EventSource could send no credential.
 * @param {string} path @param {AbortSignal} signal @param {any} [message] is posted as JSON
 * @returns {AsyncGenerator<{event: string, data: any}>}
 */
export async function* events(path, signal, message) {
  const response = await ask(path, signal, message);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    waiting += decoder.decode(value, { stream: true });
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop() ?? "";
    for (const block of blocks) {
      const found = parsed(block);
      if (found) yield found;
    }
  }
}

/** One event of a stream; null for a comment. @param {string} block */
export function parsed(block) {
  let event = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  return data ? { event, data: JSON.parse(data) } : null;
}
