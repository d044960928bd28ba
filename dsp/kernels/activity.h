/* One hop of dsp.activity: what the detector is told, and the probability that the network answers. */

/* -- dsp.activity_features -- */

static float bounded(float value, float low, float high)
{
    value = value > low ? value : low;
    return value < high ? value : high;
}

/* Height of the autocorrelation's highest peak in the range of voices, and its period in octaves. */
static void activity_periodicity(const struct activity *a, const float *power, float *height, float *octave)
{
    float amplitude[FFT_LONGEST / 2 + 1], nothing[FFT_LONGEST / 2 + 1], correlation[FFT_LONGEST];
    memset(amplitude, 0, sizeof(float) * (size_t)(a->is.correlated / 2 + 1));
    memset(nothing, 0, sizeof(float) * (size_t)(a->is.correlated / 2 + 1));
    for (ptrdiff_t i = a->is.pitched_from; i < a->is.pitched_to; i++)
        amplitude[i] = sqrtf(power[i]);
    fft_inverse(a->lags, amplitude, nothing, correlation);
    ptrdiff_t from = a->is.lag_from, best = from + place_of_greatest(correlation + from, a->is.lag_to - from);
    *height = correlation[best] / (correlation[0] + 1e-6f);
    *octave = a->octaves[best - from];
}

static void activity_features(struct activity *a, const float *frame, float *features)
{
    float padded[FFT_LONGEST], re[FFT_LONGEST / 2 + 1], im[FFT_LONGEST / 2 + 1], levels[ACTIVITY_BANDS];
    ptrdiff_t bands = a->is.bands;
    for (ptrdiff_t i = 0; i < a->is.window; i++)
        padded[i] = frame[i] * a->taper[i];
    memset(padded + a->is.window, 0, sizeof(float) * (size_t)(a->is.length - a->is.window));
    fft_forward(a->fft, padded, re, im);
    for (ptrdiff_t i = 0; i <= a->is.length / 2; i++)
        re[i] = re[i] * re[i] + im[i] * im[i];
    float mean = 0;
    for (ptrdiff_t band = 0; band < bands; band++) {
        float sum = 0;
        for (ptrdiff_t i = a->bins[band]; i < a->bins[band + 1]; i++)
            sum += re[i];
        levels[band] = sum * a->scale[band] + a->is.quietest;
    }
    for (ptrdiff_t band = bands; band % LANES; band++)
        levels[band] = 1.0f;
    for (ptrdiff_t band = 0; band < bands; band += LANES)
        stored(levels + band, 4.3429448190f * logarithm(loaded(levels + band)));
    for (ptrdiff_t band = 0; band < bands; band++)
        mean += levels[band];
    mean /= (float)bands;
    float height, octave;
    activity_periodicity(a, re, &height, &octave);
    if (a->fresh) {
        memcpy(a->floor, levels, sizeof(float) * (size_t)bands);
        memcpy(a->last, levels, sizeof(float) * (size_t)bands);
        a->peak = mean, a->height = height, a->octave = octave, a->fresh = 0;
    }
    float floor = 0;
    for (ptrdiff_t band = 0; band < bands; band++) {
        float above = levels[band] - a->floor[band];
        a->floor[band] += (above > 0 ? a->is.floor_rise : a->is.floor_fall) * above;
        floor += a->floor[band];
        features[band] = 0.1f * bounded(levels[band] - a->floor[band], 0.0f, 40.0f);
        features[bands + band] = 0.1f * bounded(levels[band] - mean, -30.0f, 30.0f);
        features[2 * bands + band] = 0.1f * bounded(levels[band] - a->last[band], -20.0f, 20.0f);
        a->last[band] = levels[band];
    }
    float higher = mean - a->peak, fall = a->is.peak_fall * higher;
    a->peak += higher > 0 ? a->is.peak_rise * higher : fall > -a->is.fastest_fall ? fall : -a->is.fastest_fall;
    float *rest = features + 3 * bands;
    rest[0] = 0.1f * bounded(mean - floor / (float)bands, 0.0f, 50.0f);
    rest[1] = 0.1f * bounded(a->peak - mean, -10.0f, 50.0f);
    rest[2] = 2.0f * height;
    rest[3] = octave;
    rest[4] = 2.0f * a->height;
    rest[5] = 5.0f * bounded(octave - a->octave, -1.0f, 1.0f) * height;
    a->height = height, a->octave = octave;
}

/* -- dsp.activity_network -- */

/* Some vectors of bias + inputs times weights. Even and odd inputs are summed apart: twice as many sums in flight. */
static inline void activity_columns(const float *inputs, ptrdiff_t count, const float *weights, ptrdiff_t width,
                                    float *to, int vectors)
{
    vec even[3], odd[3];
    for (int v = 0; v < vectors; v++) {
        even[v] = loaded(weights + count * width + v * LANES);
        odd[v] = (vec){0};
    }
    ptrdiff_t i = 0;
    for (; i + 1 < count; i += 2)
        for (int v = 0; v < vectors; v++) {
            even[v] += inputs[i] * loaded(weights + i * width + v * LANES);
            odd[v] += inputs[i + 1] * loaded(weights + (i + 1) * width + v * LANES);
        }
    for (int v = 0; v < vectors; v++) {
        if (i < count)
            even[v] += inputs[i] * loaded(weights + i * width + v * LANES);
        stored(to + v * LANES, even[v] + odd[v]);
    }
}

/* `to` = bias + inputs times weights, a row of `width` weights per input and the bias behind them. */
static const float *activity_product(const float *inputs, ptrdiff_t count, const float *weights, ptrdiff_t width,
                                     float *to)
{
    ptrdiff_t at = 0;
    for (; at + 3 * LANES <= width; at += 3 * LANES)
        activity_columns(inputs, count, weights + at, width, to + at, 3);
    for (; at < width; at += LANES)
        activity_columns(inputs, count, weights + at, width, to + at, 1);
    return weights + (count + 1) * width;
}

static float activity_probability(struct activity *a, const float *features)
{
    float seen[ACTIVITY_UNITS], inner[3 * ACTIVITY_UNITS], recurrent[3 * ACTIVITY_UNITS];
    ptrdiff_t width = a->padded;
    const float *weights = activity_product(features, a->features, a->network, width, seen);
    for (ptrdiff_t i = 0; i < width; i += LANES)
        stored(seen + i, hyperbolic_tangent(loaded(seen + i)));
    weights = activity_product(seen, a->is.units, weights, 3 * width, inner);
    weights = activity_product(a->state, a->is.units, weights, 3 * width, recurrent);
    vec answer = {0};
    for (ptrdiff_t i = 0; i < width; i += LANES) {
        vec reset = logistic(loaded(inner + i) + loaded(recurrent + i));
        vec update = logistic(loaded(inner + width + i) + loaded(recurrent + width + i));
        vec candidate = hyperbolic_tangent(loaded(inner + 2 * width + i) + reset * loaded(recurrent + 2 * width + i));
        vec state = candidate + update * (loaded(a->state + i) - candidate);
        stored(a->state + i, state);
        answer += state * loaded(weights + i);
    }
    return 1.0f / (1.0f + expf(-(summed(answer) + weights[width])));
}

/* -- dsp.activity -- */

/* Any run in, a probability per hop out. */
static void activity(struct activity *a, const float *samples, ptrdiff_t count, float *probabilities)
{
    float features[3 * ACTIVITY_BANDS + 6];
    ptrdiff_t window = a->is.window, hop = a->is.hop;
    while (count) {
        ptrdiff_t taken = window - a->filled < count ? window - a->filled : count;
        memcpy(a->waiting + a->filled, samples, sizeof(float) * (size_t)taken);
        samples += taken, count -= taken, a->filled += taken;
        if (a->filled < window)
            return;
        activity_features(a, a->waiting, features);
        *probabilities++ = activity_probability(a, features);
        memmove(a->waiting, a->waiting + hop, sizeof(float) * (size_t)(window - hop));
        a->filled -= hop;
    }
}

static void activity_start(struct activity *a)
{
    a->filled = a->is.window - a->is.hop;
    a->peak = a->height = a->octave = 0;
    a->fresh = 1;
}
