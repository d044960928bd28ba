/* dsp.limiter, sample by sample: every number but the excess is an integer, so the bits are those of the numpy code. */

static float limiter_highest(const float *samples, ptrdiff_t count)
{
    float highest = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        float magnitude = fabsf(samples[i]);
        highest = magnitude > highest ? magnitude : highest;
    }
    return highest;
}

static inline float limiter_delayed(struct limiter *l, float sample)
{
    float ready = l->line[l->at];
    l->line[l->at] = sample;
    l->at = l->at + 1 < l->delay ? l->at + 1 : 0;
    return ready;
}

/* Only delay the samples where no peak can exceed the ceiling and nothing is reduced; 0 where that is not so. */
static int limiter_rest(struct limiter *l, const float *samples, ptrdiff_t count, float *out)
{
    if (l->reduction || l->total || l->count || limiter_highest(samples, count) > l->is.quiet ||
        (l->is.factor && limiter_highest(l->line, l->delay) > l->is.quiet))
        return 0;
    for (ptrdiff_t i = 0; i < count; i++)
        out[i] = limiter_delayed(l, samples[i]);
    return 1;
}

/* The largest excess of the last window + 1 samples; of no excess nothing is kept. */
static inline int64_t limiter_held(struct limiter *l, int64_t excess)
{
    ptrdiff_t size = l->is.window + 1;
    l->now++;
    if (l->count && l->due[l->first] < l->now) {
        l->first = (l->first + 1) % size;
        l->count--;
    }
    if (excess > 0) {
        while (l->count && l->highest[(l->first + l->count - 1) % size] <= excess)
            l->count--;
        ptrdiff_t place = (l->first + l->count++) % size;
        l->highest[place] = excess;
        l->due[place] = l->now + l->is.window;
    }
    return l->count ? l->highest[l->first] : 0;
}

/* `between` holds `factor` oversampled values for each sample; not read where the factor is 0. */
static void limiter(struct limiter *l, const float *samples, const float *between, ptrdiff_t count, float *out)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        float ready = limiter_delayed(l, samples[i]);
        ptrdiff_t seen = l->at - 1 - l->is.seen_late;
        double peak = fabsf(l->line[seen < 0 ? seen + l->delay : seen]);
        if (l->is.factor) {
            double other = limiter_highest(between + i * l->is.factor, l->is.factor);
            peak = other > peak ? other : peak;
        }
        peak = peak > l->is.ceiling ? peak : l->is.ceiling;
        double excess = ceil((1 - l->is.ceiling / peak) * (double)l->is.one);
        int64_t held = limiter_held(l, (int64_t)excess), fallen = l->reduction - l->is.step;
        l->reduction = held > fallen ? held : fallen;
        l->total += l->reduction - l->recent[l->place];
        l->recent[l->place] = l->reduction;
        l->place = l->place + 1 < l->is.window ? l->place + 1 : 0;
        double average = (double)l->total / (double)l->is.window;
        out[i] = l->total ? ready * (float)(1 - average / (double)l->is.one) : ready;
    }
}
