/* The polyphase filter of dsp.live. Whatever is cut, each output is summed in one order: even taps, odd taps, both. */

#define TILE (2 * LANES)

/* TILE outputs of one group from the taps [first, last), whose weights lie `width` apart. */
static inline void fir_tile(const float *restrict seen, const float *restrict weights, ptrdiff_t first, ptrdiff_t last,
                            ptrdiff_t width, float *restrict out)
{
    vec even[2] = {{0}, {0}}, odd[2] = {{0}, {0}};
    ptrdiff_t k = first;
    for (; k + 1 < last; k += 2) {
        const float *row = weights + k * width;
        even[0] += seen[k] * loaded(row);
        even[1] += seen[k] * loaded(row + LANES);
        odd[0] += seen[k + 1] * loaded(row + width);
        odd[1] += seen[k + 1] * loaded(row + width + LANES);
    }
    if (k < last) {
        even[0] += seen[k] * loaded(weights + k * width);
        even[1] += seen[k] * loaded(weights + k * width + LANES);
    }
    stored(out, even[0] + odd[0]);
    stored(out + LANES, even[1] + odd[1]);
}

/* Outputs [from, to) of one group, which looks at the window from `seen` on. */
static void fir_group(const struct fir *f, ptrdiff_t group, const float *seen, ptrdiff_t from, ptrdiff_t to, float *out)
{
    const float *weights = f->weights + group * f->reach * f->padded;
    const int64_t *spans = f->spans + group * (f->padded / FIR_SPAN) * 2;
    for (ptrdiff_t at = from - from % TILE; at < to; at += TILE) {
        float sums[TILE];
        ptrdiff_t first = f->reach, last = 0;
        for (ptrdiff_t span = at / FIR_SPAN; span < (at + TILE) / FIR_SPAN; span++) {
            first = spans[2 * span] < first ? spans[2 * span] : first;
            last = spans[2 * span + 1] > last ? spans[2 * span + 1] : last;
        }
        fir_tile(seen, weights + at, first, last, f->padded, sums);
        ptrdiff_t begin = from > at ? from - at : 0, end = to - at < TILE ? to - at : TILE;
        for (ptrdiff_t lane = begin; lane < end; lane++)
            out[at + lane - from] = sums[lane] + 0.0f; /* no negative zero */
    }
}

/* Outputs of the current block that depend on its first `filled` inputs only. */
static inline ptrdiff_t fir_ready(const struct fir *f, ptrdiff_t filled)
{
    return (ptrdiff_t)((filled * f->out_rate + f->in_rate - 1) / f->in_rate);
}

static ptrdiff_t fir(const struct fir *f, const float *in, ptrdiff_t count, float *out, ptrdiff_t filled)
{
    while (count) {
        ptrdiff_t taken = f->block_in - filled < count ? f->block_in - filled : count;
        memcpy(f->window + f->history + filled, in, (size_t)taken * sizeof *in);
        ptrdiff_t from = fir_ready(f, filled), to = fir_ready(f, filled + taken);
        for (ptrdiff_t at = from; at < to;) {
            ptrdiff_t row = at / f->width, group = row % f->groups, repeat = row / f->groups;
            ptrdiff_t begin = row * f->width, end = begin + f->width < to ? begin + f->width : to;
            ptrdiff_t first = f->first[group * f->repeats + repeat];
            fir_group(f, group, f->window + first, at - begin, end - begin, out);
            out += end - at;
            at = end;
        }
        in += taken;
        count -= taken;
        filled += taken;
        if (filled == f->block_in) {
            memmove(f->window, f->window + f->block_in, (size_t)f->history * sizeof(float));
            filled = 0;
        }
    }
    return filled;
}
