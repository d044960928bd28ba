// Sound of one rate as sound of another: windowed sinc, block by block, without a gap between the blocks.

const LOBES = 8;
/** Zero crossings on each side; more sounds no different in speech. */

/** The window: 1 in the middle, 0 at the ends. @param {number} x -1 … 1 */
function hann(x) {
  return 0.5 + 0.5 * Math.cos(Math.PI * x);
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Converts a stream; what it gives back is behind by `LOBES` samples of the slower rate. */
export class Resampler {
  /** @param {number} inRate Hz @param {number} outRate Hz */
  constructor(inRate, outRate) {
    this.step = inRate / outRate;
    this.cutoff = Math.min(1, outRate / inRate);
    this.reach = Math.ceil(LOBES / this.cutoff);
    /** @type {number[]} */
    this.kept = new Array(this.reach).fill(0);
    this.next = this.reach;
    /** Place of the next output sample, in samples of `kept`. */
  }

  /** @param {ArrayLike<number>} block @returns {Float32Array} */
  feed(block) {
    if (this.step === 1) return Float32Array.from(block);
    for (let index = 0; index < block.length; index += 1) this.kept.push(block[index]);
    const made = [];
    while (this.next + this.reach < this.kept.length) {
      made.push(this.#at(this.next));
      this.next += this.step;
    }
    const done = Math.floor(this.next) - this.reach;
    if (done > 0) {
      this.kept.splice(0, done);
      this.next -= done;
    }
    return Float32Array.from(made);
  }

  /** @param {number} place */
  #at(place) {
    let sum = 0;
    for (let index = Math.ceil(place - this.reach); index <= place + this.reach; index += 1) {
      const distance = place - index;
      sum += this.kept[index] * sinc(distance * this.cutoff) * hann(distance / this.reach);
    }
    return sum * this.cutoff;
  }
}
