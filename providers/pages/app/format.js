// Times and names as people read them.

/** @param {number} value seconds */
export function seconds(value) {
  return value >= 60 ? clock(value) : `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** Minutes and seconds. @param {number} value seconds */
export function clock(value) {
  const whole = Math.max(0, Math.floor(value));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Time of day of an ISO date, with the date where it is not today's. @param {string} iso */
export function moment(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return today ? time : `${date.toLocaleDateString()} ${time}`;
}

/** A call's name for people: the platform's id where it is known. @param {{id: string, call_id: string}} call */
export function nameOf(call) {
  return call.call_id || call.id;
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** One argument of a shell. @param {string} text */
export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
