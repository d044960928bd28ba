/* One block of dsp.echo: the delay estimator, the Kalman filter and the suppressor. The functions have the names of the
 * methods of dsp.delay, dsp.echo_filter and dsp.echo, whose reasons are told there. */

/* The most samples in which a jump is looked for. */
#define ECHO_SEEN (ECHO_BLOCKS_SEEN * FFT_LONGEST / 2)
#define ECHO_LONGEST (FFT_LONGEST / 2 + 1 + ECHO_PADDING)

/* -- dsp.delay -- */

/* Every second bin of the band under a Hann window, as its phase. */
static void delay_phases(const struct echo *e, const float *spectrum, float *phases, float sign)
{
    const float *re = spectrum + e->is.low, *im = re + e->stride;
    float *to_re = phases, *to_im = phases + e->row;
    for (ptrdiff_t i = 0; i < e->places; i++) {
        float r = re[2 * i] + re[2 * i] - re[2 * i - 1] - re[2 * i + 1];
        float m = im[2 * i] + im[2 * i] - im[2 * i - 1] - im[2 * i + 1];
        float scale = 1.0f / (sqrtf(r * r + m * m) + e->is.quiet);
        to_re[i] = r * scale;
        to_im[i] = sign * m * scale;
    }
    for (ptrdiff_t i = e->places; i < e->row; i++)
        to_re[i] = to_im[i] = 0.0f;
}

static void delay_push(struct echo *e, const float *spectrum)
{
    e->newest_phases = (e->newest_phases + e->lags - 1) % e->lags;
    delay_phases(e, spectrum, e->far_phases + e->newest_phases * 2 * e->row, -1.0f);
}

static void delay_judge(struct echo *e, float *scores)
{
    ptrdiff_t best = 0;
    for (ptrdiff_t lag = 1; lag < e->lags; lag++)
        best = scores[lag] > scores[best] ? lag : best;
    float peak = scores[best], next = 0;
    for (ptrdiff_t lag = 0; lag < e->lags; lag++)
        if (lag < best - 1 || lag > best + 1)
            next = scores[lag] > next ? scores[lag] : next;
    e->related = peak > e->is.related * e->trusted;
    int stands_out = peak > e->is.coherent * (float)e->places && peak > e->is.clearly * next;
    ptrdiff_t apart = best > e->candidate ? best - e->candidate : e->candidate - best;
    if (!stands_out || apart > 1) {
        e->candidate = best;
        e->stayed = 0;
    } else if (++e->stayed >= e->is.settled)
        e->lag = e->candidate = best;
}

/* The echo comes so many blocks later than before, earlier where negative. */
static void delay_shift(struct echo *e, ptrdiff_t blocks)
{
    if (e->lag < 0 || !blocks)
        return;
    ptrdiff_t lag = e->lag + blocks, width = 2 * e->row, by = blocks < 0 ? -blocks : blocks;
    e->lag = e->candidate = lag < 0 ? 0 : lag >= e->lags ? e->lags - 1 : lag;
    ptrdiff_t kept = by < e->lags ? e->lags - by : 0, source = blocks < 0 ? by : 0, target = blocks > 0 ? by : 0;
    memmove(e->average + target * width, e->average + source * width, sizeof(float) * (size_t)(kept * width));
    for (ptrdiff_t row = 0; row < e->lags; row++)
        if (!kept || row < target || row >= target + kept)
            memset(e->average + row * width, 0, sizeof(float) * (size_t)width);
}

static void delay_compare(struct echo *e, const float *spectrum)
{
    float near[2 * ECHO_LONGEST], scores[ECHO_LAGS];
    delay_phases(e, spectrum, near, 1.0f);
    e->trusted += (1.0f - e->is.memory) * (dot(near, near, 2 * e->row) - e->trusted);
    for (ptrdiff_t i = 0; i < 2 * e->row; i++)
        near[i] *= 1.0f - e->is.memory;
    for (ptrdiff_t lag = 0; lag < e->lags; lag++) {
        const float *far = e->far_phases + (e->newest_phases + lag) % e->lags * 2 * e->row;
        float *average = e->average + lag * 2 * e->row;
        vec energy = {0};
        for (ptrdiff_t i = 0; i < e->row; i += LANES) {
            vec nr = loaded(near + i), ni = loaded(near + e->row + i);
            vec fr = loaded(far + i), fi = loaded(far + e->row + i);
            vec re = loaded(average + i) * e->is.memory + (fr * nr - fi * ni);
            vec im = loaded(average + e->row + i) * e->is.memory + (fr * ni + fi * nr);
            stored(average + i, re);
            stored(average + e->row + i, im);
            energy += re * re + im * im;
        }
        scores[lag] = summed(energy);
    }
    delay_judge(e, scores);
}

/* -- dsp.echo_drift -- */

static void drift_restart(struct echo *e)
{
    e->late_spread = e->is.jitter;
    e->cross = 0;
}

static void drift_forget(struct echo *e)
{
    e->drift = e->due = 0;
    e->drift_spread = e->is.first_spread;
    drift_restart(e);
}

static void drift_coast(struct echo *e)
{
    double most = e->is.most_drift;
    e->drift = e->drift > most ? most : e->drift < -most ? -most : e->drift;
    e->late_spread += 2 * e->cross + e->drift_spread + e->is.jitter;
    e->cross += e->drift_spread;
    e->drift_spread += e->is.wander;
    e->due += e->drift;
}

static void drift_follow(struct echo *e, const float *error, const float *echo, const float *other)
{
    vec certain = {0}, late = {0};
    for (ptrdiff_t i = 0; i < e->stride; i += LANES) {
        vec yr = loaded(echo + i), yi = loaded(echo + e->stride + i);
        vec er = loaded(error + i), ei = loaded(error + e->stride + i);
        vec turn = loaded(e->turns + i), share = 1.0f / loaded(other + i);
        certain += (yr * yr + yi * yi) * share * (turn * turn);
        late += (yi * er - yr * ei) * share * turn;
    }
    double certainty = summed(certain);
    if (certainty > 0) {
        double by = summed(late) / certainty, total = e->late_spread + 1 / certainty;
        double gain = e->late_spread / total, drift_gain = e->cross / total;
        e->due += gain * by;
        e->drift += drift_gain * by;
        e->drift_spread -= drift_gain * e->cross;
        e->cross -= gain * e->cross;
        e->late_spread -= gain * e->late_spread;
    }
    drift_coast(e);
}

/* -- dsp.echo_tail -- */

static void tail_forget(struct echo *e)
{
    memset(e->tail, 0, sizeof(float) * (size_t)e->stride);
    memset(e->tail_gain, 0, sizeof(float) * (size_t)e->stride);
    e->tail_decay = 0;
}

static void tail_learn(struct echo *e)
{
    ptrdiff_t stride = e->stride, count = e->is.partitions, half = count / 2, last = (half + 1) / 2;
    float levels[2] = {0, 0}, padded[ECHO_LONGEST + 8];
    memset(padded, 0, sizeof padded);
    for (ptrdiff_t p = count - half; p < count; p++) {
        const float *w = e->weights + p * 2 * stride;
        levels[p >= count - half / 2] += dot(w, w, 2 * stride) + 1e-12f;
        for (ptrdiff_t i = 0; i < e->bins && p >= count - last; i++)
            padded[4 + i] += (w[i] * w[i] + w[stride + i] * w[stride + i]) * (2.0f / (float)half);
    }
    float decay = powf(levels[1] / levels[0], 2.0f / (float)half);
    e->tail_decay = decay < e->is.longest ? decay : e->is.longest;
    for (ptrdiff_t i = 0; i < e->bins; i++) {
        float sum = 0;
        for (ptrdiff_t k = 0; k < 9; k++)
            sum += padded[i + k];
        e->tail_gain[i] = sum * (1.0f / 9.0f) * e->tail_decay;
    }
}

/* -- dsp.echo_change -- */

static void watch_push(struct echo *e, const float *near, const float *error, const float *echo)
{
    ptrdiff_t block = e->is.block, place = e->watched % (e->is.seen + e->is.farthest_jump) * block;
    float energy = dot(echo, echo, block);
    memcpy(e->near_seen + place, near, sizeof(float) * (size_t)block);
    memcpy(e->echo_seen + place, echo, sizeof(float) * (size_t)block);
    e->watched_energy[e->watched % e->is.seen] = energy;
    e->watched_both[e->watched % e->is.seen] = dot(near, echo, block);
    e->watched++;
    float now[3] = {dot(error, echo, block), dot(error, error, block), energy};
    for (int i = 0; i < 3; i++)
        e->likeness[i] += (1.0f - e->is.misfit_memory) * (now[i] - e->likeness[i]);
    e->settled_for++;
}

static inline int watch_settled(const struct echo *e)
{
    return e->settled_for > e->is.settling;
}

static int watch_misfit(const struct echo *e)
{
    float both = e->likeness[0], left = e->likeness[1], subtracted = e->likeness[2];
    return watch_settled(e) && subtracted > e->is.audible_energy && fabsf(both) > e->is.misfit_share * subtracted &&
           both * both > e->is.misfit * left * subtracted;
}

static int watch_louder(const struct echo *e)
{
    if (!watch_settled(e))
        return 0;
    float energy = 0, both = 0;
    for (ptrdiff_t i = 0; i < e->is.seen; i++) {
        energy += e->watched_energy[i];
        both += e->watched_both[i];
    }
    return energy > e->is.clearly_audible_energy && energy > 2.0f * both;
}

/* A ring's blocks, the oldest first. */
static void watch_unrolled(const struct echo *e, const float *ring, float *to)
{
    ptrdiff_t blocks = e->is.seen + e->is.farthest_jump, block = e->is.block;
    for (ptrdiff_t i = 0; i < blocks; i++)
        memcpy(to + i * block, ring + (e->watched + i) % blocks * block, sizeof(float) * (size_t)block);
}

static void watch_sharpened(const struct echo *e, const float *samples, float *sharp, ptrdiff_t count)
{
    float by = e->is.emphasis;
    sharp[0] = sharp[1] = 0;
    for (ptrdiff_t i = 2; i < count; i++)
        sharp[i] = (samples[i] - by * samples[i - 1]) - by * (samples[i - 1] - by * samples[i - 2]);
}

/* Whether the echo jumped, and by how many samples it comes later. */
static int watch_jump(const struct echo *e, ptrdiff_t *jump)
{
    float near[ECHO_SEEN], echo[ECHO_SEEN], unrolled[ECHO_SEEN];
    ptrdiff_t reach = e->is.farthest_jump * e->is.block, part = e->is.seen * e->is.block, best = 0;
    watch_unrolled(e, e->near_seen, unrolled);
    watch_sharpened(e, unrolled, near, reach + part);
    watch_unrolled(e, e->echo_seen, unrolled);
    watch_sharpened(e, unrolled, echo, reach + part);
    float highest = -2, expected = 0;
    for (int late = 1; late >= 0; late--) { /* from the latest to the earliest */
        const float *own = late ? near + reach : echo + reach, *other = late ? echo : near;
        double energy = dot(own, own, part) + e->is.faint, whole = dot(other, other, part);
        double running[2] = {whole, dot(other + reach, other + reach, part)};
        double seen = running[!late];
        for (ptrdiff_t step = !late; step <= reach; step++) {
            ptrdiff_t at = late ? step : reach - step;
            if (late ? step > 0 : 1) { /* the run's energy, moved on by a sample */
                double in = late ? other[at + part - 1] : other[at], out = late ? other[at - 1] : other[at + part];
                seen += in * in - out * out;
            }
            double likeness = dot(own, other + at, part) / sqrt((seen + e->is.faint + 1e-3 * energy) * energy);
            if (late && at == reach)
                expected = (float)likeness;
            if (likeness > highest) {
                highest = (float)likeness;
                best = late ? reach - at : -step;
            }
        }
    }
    *jump = best;
    float least = expected + e->is.clearly_alike;
    return highest >= (least > e->is.alike ? least : e->is.alike);
}

/* -- dsp.echo_filter -- */

static inline const float *far_spectrum(const struct echo *e, ptrdiff_t ago)
{
    return e->spectra + (e->newest + ago) % e->blocks * 2 * e->stride;
}

static void filter_doubt(struct echo *e)
{
    for (ptrdiff_t p = 0; p < e->is.partitions; p++)
        for (ptrdiff_t i = 0; i < e->stride; i++)
            e->uncertainty[p * e->stride + i] = e->ignorance[p];
    e->settled_for = 0;
}

static void filter_forget(struct echo *e)
{
    memset(e->weights, 0, sizeof(float) * (size_t)(e->is.partitions * 2 * e->stride));
    memset(e->noise, 0, sizeof(float) * (size_t)e->stride);
    memset(e->likeness, 0, sizeof e->likeness);
    size_t seen = sizeof(float) * (size_t)((e->is.seen + e->is.farthest_jump) * e->is.block);
    memset(e->near_seen, 0, seen);
    memset(e->echo_seen, 0, seen);
    memset(e->watched_energy, 0, sizeof e->watched_energy);
    memset(e->watched_both, 0, sizeof e->watched_both);
    e->watched = 0;
    drift_forget(e);
    tail_forget(e);
    filter_doubt(e);
    e->age = 0;
}

static void filter_ignore(struct echo *e, ptrdiff_t partition)
{
    for (ptrdiff_t i = 0; i < e->stride; i++)
        e->uncertainty[partition * e->stride + i] = e->ignorance[partition];
}

/* Let the filter begin `offset` blocks ago; `certain` keeps the certainty of the part that both share. */
static void filter_aim(struct echo *e, ptrdiff_t offset, int certain)
{
    ptrdiff_t moved = offset - e->offset, count = e->is.partitions, stride = e->stride, width = 2 * stride;
    if (moved == 0)
        return;
    e->offset = offset;
    ptrdiff_t by = moved < 0 ? -moved : moved, kept = by < count ? count - by : 0;
    ptrdiff_t source = moved > 0 ? moved : 0, target = moved < 0 ? by : 0;
    if (kept) {
        memmove(e->weights + target * width, e->weights + source * width, sizeof(float) * (size_t)(kept * width));
        memmove(e->uncertainty + target * stride, e->uncertainty + source * stride,
                sizeof(float) * (size_t)(kept * stride));
    }
    for (ptrdiff_t p = 0; p < count; p++) {
        int fresh = !kept || p < target || p >= target + kept;
        if (fresh)
            memset(e->weights + p * width, 0, sizeof(float) * (size_t)width);
        if (fresh || !certain)
            filter_ignore(e, p);
    }
    if (!certain)
        e->settled_for = 0;
}

/* Let the response begin later by so many samples, or earlier where negative. */
static void filter_delay(struct echo *e, ptrdiff_t samples)
{
    ptrdiff_t block = e->is.block, total = e->is.partitions * block, by = samples < 0 ? -samples : samples;
    float taps[FFT_LONGEST];
    for (ptrdiff_t p = 0; p < e->is.partitions; p++) {
        float *re = e->weights + p * 2 * e->stride;
        fft_inverse(e->fft, re, re + e->stride, taps);
        memcpy(e->taps + p * block, taps, sizeof(float) * (size_t)block);
    }
    memset(e->moved, 0, sizeof(float) * (size_t)total);
    if (by < total)
        memcpy(e->moved + (samples > 0 ? by : 0), e->taps + (samples < 0 ? by : 0), sizeof(float) * (size_t)(total - by));
    memset(taps + block, 0, sizeof(float) * (size_t)block);
    for (ptrdiff_t p = 0; p < e->is.partitions; p++) {
        float *re = e->weights + p * 2 * e->stride;
        memcpy(taps, e->moved + p * block, sizeof(float) * (size_t)block);
        fft_forward(e->fft, taps, re, re + e->stride);
    }
}

/* Move the filter to where the echo is now, or trust nothing of it; the blocks that it moved by. */
static ptrdiff_t filter_refit(struct echo *e)
{
    ptrdiff_t jump, block = e->is.block;
    if (!watch_jump(e, &jump)) {
        if (watch_misfit(e)) {
            filter_doubt(e);
            drift_restart(e);
        }
        return 0;
    }
    ptrdiff_t moved = (ptrdiff_t)rint((double)jump / (double)block);
    moved = moved < -e->offset ? -e->offset : moved > e->is.farthest - e->offset ? e->is.farthest - e->offset : moved;
    filter_delay(e, jump - moved * block);
    e->offset += moved;
    filter_doubt(e);
    for (ptrdiff_t i = 0; i < e->is.partitions * e->stride; i++)
        e->uncertainty[i] *= e->is.refitted;
    drift_restart(e);
    return moved;
}

/* Turn the phases of the weights by the fraction of a sample that the drift is due. */
static void filter_turn(struct echo *e)
{
    if (fabs(e->due) < e->is.least_move)
        return;
    double step = 3.14159265358979323846 / (double)e->is.block * e->due, turning[2] = {cos(step), -sin(step)};
    double at[2] = {1, 0};
    e->due = 0;
    for (ptrdiff_t i = 0; i < e->bins; i++) {
        float c = (float)at[0], s = (float)at[1];
        for (ptrdiff_t p = 0; p < e->is.partitions; p++) {
            float *re = e->weights + p * 2 * e->stride + i, *im = re + e->stride, before = *re;
            *re = before * c - *im * s;
            *im = before * s + *im * c;
        }
        double next = at[0] * turning[0] - at[1] * turning[1];
        at[1] = at[0] * turning[1] + at[1] * turning[0];
        at[0] = next;
    }
}

static void filter_predict(struct echo *e)
{
    tail_learn(e);
    ptrdiff_t stride = e->stride, count = e->is.partitions;
    vec total = {0};
    for (ptrdiff_t at = 0; at < count * 2 * stride; at += LANES)
        total += loaded(e->weights + at) * loaded(e->weights + at);
    float everywhere = e->is.common * (summed(total) / (float)(count * e->bins));
    float grown = 1.0f - e->is.kept, added = everywhere * grown + (float)e->is.upkeep * e->is.drift;
    for (ptrdiff_t p = 0; p < count; p++)
        for (ptrdiff_t i = 0; i < stride; i += LANES) {
            vec re = loaded(e->weights + p * 2 * stride + i), im = loaded(e->weights + (p * 2 + 1) * stride + i);
            float *uncertainty = e->uncertainty + p * stride + i;
            stored(uncertainty, loaded(uncertainty) * e->is.kept + (re * re + im * im) * grown + added);
        }
}

static void filter_constrain(struct echo *e)
{
    float taps[FFT_LONGEST];
    for (ptrdiff_t p = 0; p < e->is.partitions; p++) {
        float *re = e->weights + p * 2 * e->stride, *im = re + e->stride;
        fft_inverse(e->fft, re, im, taps);
        memset(taps + e->is.block, 0, sizeof(float) * (size_t)e->is.block);
        fft_forward(e->fft, taps, re, im);
    }
}

/* What else is in the error than echo, per bin. */
static void filter_near_power(struct echo *e, const float *spectrum, float *power)
{
    float memory = e->is.noise_memory, padded[ECHO_LONGEST + 4];
    float *noise = padded + 2;
    padded[0] = padded[1] = 0.0f;
    for (ptrdiff_t i = 0; i < e->stride; i++) {
        float re = spectrum[i], im = spectrum[e->stride + i];
        noise[i] = e->noise[i] * memory + (1.0f - memory) * (re * re + im * im);
        e->noise[i] = noise[i];
    }
    noise[e->bins] = noise[e->bins + 1] = 0.0f;
    for (ptrdiff_t i = 0; i < e->bins; i++) {
        float around = 0.2f * (noise[i - 2] + noise[i - 1] + noise[i] + noise[i + 1] + noise[i + 2]);
        power[i] = around > noise[i] ? around : noise[i];
    }
    for (ptrdiff_t i = e->bins; i < e->stride; i++)
        power[i] = 0.0f;
}

static void filter_learn(struct echo *e, const float *error, const float *echo, float *residual)
{
    float padded[FFT_LONGEST], spectrum[2 * ECHO_LONGEST], expected[2 * ECHO_LONGEST], power[ECHO_LONGEST];
    ptrdiff_t stride = e->stride, count = e->is.partitions;
    memset(padded, 0, sizeof(float) * (size_t)e->is.block);
    memcpy(padded + e->is.block, error, sizeof(float) * (size_t)e->is.block);
    memset(spectrum, 0, sizeof(float) * (size_t)(2 * stride));
    fft_forward(e->fft, padded, spectrum, spectrum + stride);
    memcpy(padded + e->is.block, echo, sizeof(float) * (size_t)e->is.block);
    memset(expected, 0, sizeof(float) * (size_t)(2 * stride));
    fft_forward(e->fft, padded, expected, expected + stride);
    int upkeep = ++e->age % e->is.upkeep == 0;
    if (upkeep)
        filter_predict(e);
    filter_near_power(e, spectrum, power);
    const float *far[ECHO_PARTITIONS];
    for (ptrdiff_t p = 0; p < count; p++)
        far[p] = far_spectrum(e, e->offset + p);
    for (ptrdiff_t i = 0; i < stride; i += LANES) {
        vec left = {0};
        for (ptrdiff_t p = 0; p < count; p++) {
            vec xr = loaded(far[p] + i), xi = loaded(far[p] + stride + i);
            left += loaded(e->uncertainty + p * stride + i) * (xr * xr + xi * xi);
        }
        left *= 0.5f; /* half of each two-block spectrum belongs to the block in question */
        stored(residual + i, left);
        vec observed = larger(loaded(power + i), left) + left + e->is.noise_floor, trust = 1.0f / observed;
        stored(power + i, observed);
        vec er = loaded(spectrum + i), ei = loaded(spectrum + stride + i);
        for (ptrdiff_t p = 0; p < count; p++) {
            float *wr = e->weights + p * 2 * stride + i, *wi = wr + stride, *u = e->uncertainty + p * stride + i;
            vec xr = loaded(far[p] + i), xi = loaded(far[p] + stride + i), step = loaded(u) * trust;
            stored(wr, loaded(wr) + (xr * er + xi * ei) * step);
            stored(wi, loaded(wi) + (xr * ei - xi * er) * step);
            stored(u, loaded(u) * (1.0f - e->is.confidence * (step * (xr * xr + xi * xi))));
        }
    }
    if (watch_settled(e))
        drift_follow(e, spectrum, expected, power);
    else
        drift_coast(e);
    filter_turn(e);
    if (upkeep || !watch_settled(e))
        filter_constrain(e);
    const float *gone = far_spectrum(e, e->offset + count);
    for (ptrdiff_t i = 0; i < stride; i += LANES) {
        vec xr = loaded(gone + i), xi = loaded(gone + stride + i);
        vec tail = loaded(e->tail + i) * e->tail_decay + loaded(e->tail_gain + i) * (xr * xr + xi * xi);
        stored(e->tail + i, tail);
        stored(residual + i, loaded(residual + i) + tail);
    }
}

/* Subtract the echo from the near block, and learn from it: the error, and the power that is expected to be left.
 * Returns the blocks by which the filter followed a jump. */
static ptrdiff_t filter_cancel(struct echo *e, const float *near, float *error, float *residual)
{
    float spectrum[2 * ECHO_LONGEST], echo[FFT_LONGEST];
    ptrdiff_t stride = e->stride, block = e->is.block, whole = (ptrdiff_t)rint(e->due);
    e->due -= (double)whole;
    if (whole) /* after a silence */
        filter_delay(e, whole);
    const float *far[ECHO_PARTITIONS];
    for (ptrdiff_t p = 0; p < e->is.partitions; p++)
        far[p] = far_spectrum(e, e->offset + p);
    for (ptrdiff_t i = 0; i < stride; i += LANES) {
        vec re = {0}, im = {0};
        for (ptrdiff_t p = 0; p < e->is.partitions; p++) {
            const float *w = e->weights + p * 2 * stride + i;
            vec wr = loaded(w), wi = loaded(w + stride), xr = loaded(far[p] + i), xi = loaded(far[p] + stride + i);
            re += wr * xr - wi * xi;
            im += wr * xi + wi * xr;
        }
        stored(spectrum + i, re);
        stored(spectrum + stride + i, im);
    }
    fft_inverse(e->fft, spectrum, spectrum + stride, echo);
    for (ptrdiff_t i = 0; i < block; i++)
        error[i] = near[i] - echo[block + i];
    watch_push(e, near, error, echo + block);
    ptrdiff_t moved = watch_misfit(e) || watch_louder(e) ? filter_refit(e) : 0;
    filter_learn(e, error, echo + block, residual);
    return moved;
}

/* -- dsp.echo -- */

static void suppressor_suppress(struct echo *e, float *frame, const float *expected)
{
    float spectrum[2 * ECHO_LONGEST];
    ptrdiff_t stride = e->stride;
    memset(spectrum, 0, sizeof spectrum);
    fft_forward(e->fft, frame, spectrum, spectrum + stride);
    vec least = (vec){0} + e->is.least_gain;
    for (ptrdiff_t i = 0; i < stride; i += LANES) {
        vec re = loaded(spectrum + i), im = loaded(spectrum + stride + i);
        vec gain = 1.0f - e->is.suppression * (loaded(expected + i) / (re * re + im * im + 1e-9f));
        gain = larger(gain, least);
        stored(spectrum + i, re * gain);
        stored(spectrum + stride + i, im * gain);
    }
    fft_inverse(e->fft, spectrum, spectrum + stride, frame);
}

/* One block in, the block before it out; a residual of NULL is none at all. */
static void suppressor_process(struct echo *e, const float *samples, const float *residual, float *out)
{
    float shaped[FFT_LONGEST], louder[ECHO_LONGEST];
    ptrdiff_t block = e->is.block;
    memcpy(e->frame, e->frame + block, sizeof(float) * (size_t)block);
    memcpy(e->frame + block, samples, sizeof(float) * (size_t)block);
    for (ptrdiff_t i = 0; i < 2 * block; i++)
        shaped[i] = e->frame[i] * e->window[i];
    if (e->expects || residual) {
        for (ptrdiff_t i = 0; i < e->stride; i++) {
            float before = e->expects ? e->expected[i] : 0.0f, now = residual ? residual[i] : 0.0f;
            louder[i] = before > now ? before : now;
        }
        suppressor_suppress(e, shaped, louder);
    }
    e->expects = residual != NULL;
    if (residual)
        memcpy(e->expected, residual, sizeof(float) * (size_t)e->stride);
    for (ptrdiff_t i = 0; i < block; i++) {
        out[i] = e->overlap[i] + shaped[i] * e->window[i];
        e->overlap[i] = shaped[block + i] * e->window[block + i];
    }
}

static inline int echo_suspicious(const struct echo *e)
{
    return e->lag >= 0 || e->unrelated < e->is.patience;
}

/* Aim the filter at the estimated lag. */
static void echo_listen(struct echo *e)
{
    e->unrelated = e->related ? 0 : e->unrelated + 1;
    if (e->lag < 0) {
        if (e->unrelated == e->is.patience)
            filter_forget(e);
        return;
    }
    ptrdiff_t lag = e->lag, lowest = lag - (e->found ? e->is.slack : e->is.first_slack);
    ptrdiff_t highest = e->found ? lag : lag - 1;
    if (e->offset < (lowest > 0 ? lowest : 0) || e->offset > (highest > 0 ? highest : 0))
        filter_aim(e, lag > e->is.lead ? lag - e->is.lead : 0, e->found);
    e->found = 1;
}

static void echo_cancel(struct echo *e, const float *near, const float *far, float *out)
{
    float spectrum[2 * ECHO_LONGEST], error[FFT_LONGEST], residual[ECHO_LONGEST];
    ptrdiff_t block = e->is.block;
    size_t bytes = sizeof(float) * (size_t)block;
    memcpy(e->near_last, e->near_last + block, bytes);
    memcpy(e->near_last + block, near, bytes);
    memcpy(e->far_last, e->far_last + block, bytes);
    memcpy(e->far_last + block, far, bytes);
    e->newest = (e->newest + e->blocks - 1) % e->blocks;
    float *far_now = e->spectra + e->newest * 2 * e->stride;
    fft_forward(e->fft, e->far_last, far_now, far_now + e->stride);
    delay_push(e, far_now);
    e->silent_blocks = dot(far, far, block) > e->is.unheard_energy ? 0 : e->silent_blocks + 1;
    if (e->silent_blocks > e->is.farthest + e->is.partitions || !(dot(near, near, block) > e->is.unheard_energy)) {
        drift_coast(e);
        suppressor_process(e, near, NULL, out);
        return;
    }
    fft_forward(e->fft, e->near_last, spectrum, spectrum + e->stride);
    delay_compare(e, spectrum);
    echo_listen(e);
    if (!echo_suspicious(e)) {
        suppressor_process(e, near, NULL, out);
        return;
    }
    delay_shift(e, filter_cancel(e, near, error, residual));
    suppressor_process(e, error, residual, out);
}

/* Any run of both channels in, whole blocks out. */
static void echo(struct echo *e, const float *near, const float *far, ptrdiff_t count, float *out)
{
    ptrdiff_t block = e->is.block;
    while (count) {
        if (!e->waiting && count >= block) {
            echo_cancel(e, near, far, out);
            out += block, near += block, far += block, count -= block;
            continue;
        }
        ptrdiff_t taken = block - e->waiting < count ? block - e->waiting : count;
        memcpy(e->near_waiting + e->waiting, near, sizeof(float) * (size_t)taken);
        memcpy(e->far_waiting + e->waiting, far, sizeof(float) * (size_t)taken);
        near += taken, far += taken, count -= taken, e->waiting += taken;
        if (e->waiting == block) {
            e->waiting = 0;
            echo_cancel(e, e->near_waiting, e->far_waiting, out);
            out += block;
        }
    }
}

static void echo_start(struct echo *e)
{
    e->waiting = e->newest = e->newest_phases = e->candidate = e->stayed = 0;
    e->lag = -1;
    e->trusted = (float)e->places;
    e->related = e->found = e->expects = 0;
    e->offset = e->unrelated = 0;
    e->silent_blocks = e->is.farthest + e->is.partitions;
    float uncertainty = e->is.first_uncertainty;
    for (ptrdiff_t p = 0; p < e->is.partitions; p++) {
        uncertainty *= p > e->is.lead ? e->is.uncertainty_decay : 1.0f;
        e->ignorance[p] = uncertainty;
    }
    for (ptrdiff_t i = 0; i < e->bins; i++)
        e->turns[i] = (float)(3.14159265358979323846 * (double)i / (double)e->is.block);
    filter_forget(e);
}
