// What differs between two texts, word by word.

/** @typedef {{kind: "same"|"before"|"after", words: string[]}} Piece */

/** Words as they are compared: without case and marks. @param {string} word */
function bare(word) {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/**
 * Pieces that both have, only the one before, or only the one after; the longest common sequence decides.
 * @param {string} before @param {string} after @returns {Piece[]}
 */
export function difference(before, after) {
  const old = before.split(/\s+/).filter(Boolean);
  const fresh = after.split(/\s+/).filter(Boolean);
  const lengths = table(old.map(bare), fresh.map(bare));
  /** @type {Piece[]} */
  const pieces = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && bare(old[i]) === bare(fresh[j])) {
      add(pieces, "same", fresh[j]);
      i += 1;
      j += 1;
    } else if (j >= fresh.length || (i < old.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      add(pieces, "before", old[i]);
      i += 1;
    } else {
      add(pieces, "after", fresh[j]);
      j += 1;
    }
  }
  return pieces;
}

/** Words that have to be taken out, put in or changed, for each word of the one before. @param {Piece[]} pieces */
export function changed(pieces) {
  let words = 0;
  let changes = 0;
  let gone = 0;
  let come = 0;
  for (const piece of [...pieces, { kind: "same", words: [] }]) {
    if (piece.kind === "before") gone += piece.words.length;
    else if (piece.kind === "after") come += piece.words.length;
    else {
      changes += Math.max(gone, come);
      words += gone + piece.words.length;
      gone = 0;
      come = 0;
    }
  }
  return { words, changes };
}

/** Lengths of the longest common sequences of all ends. @param {string[]} old @param {string[]} fresh */
function table(old, fresh) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = old[i] === fresh[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** @param {Piece[]} pieces @param {Piece["kind"]} kind @param {string} word */
function add(pieces, kind, word) {
  const last = pieces.at(-1);
  if (last?.kind === kind) last.words.push(word);
  else pieces.push({ kind, words: [word] });
}
