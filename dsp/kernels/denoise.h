/* One hop of dsp.denoise: the gate, the steady background, and the windows around them. */

/* -- dsp.denoise_gate -- */

static double denoise_level(const struct denoise *d, ptrdiff_t rank)
{
    ptrdiff_t index = 0;
    for (int64_t below = d->counts[0]; below < rank && index < d->is.level_count - 1; below += d->counts[index])
        index++;
    return d->is.lowest_level + d->is.level_step * (double)index;
}

/* Put in a level, the oldest out; the percentiles of what is inside by nearest rank. */
static void denoise_rolling(struct denoise *d, double level, double found[3])
{
    ptrdiff_t size = d->is.window_hops, place = d->seen % size;
    if (d->seen >= size)
        d->counts[d->ring[place]]--;
    double index = rint((level - d->is.lowest_level) / d->is.level_step), highest = (double)(d->is.level_count - 1);
    index = index > 0 ? index : 0;
    d->ring[place] = (uint8_t)(index < highest ? index : highest);
    d->counts[d->ring[place]]++;
    d->seen++;
    double inside = (double)(d->seen < size ? d->seen : size);
    for (int i = 0; i < 3; i++)
        found[i] = denoise_level(d, (ptrdiff_t)ceil(d->is.percentiles[i] * inside / 100.0));
}

static void denoise_follow(struct denoise *d, double level)
{
    double found[3];
    denoise_rolling(d, level, found);
    d->speaker = found[1];
    int steady = found[1] - found[0] < d->is.steady;
    if (d->seen >= d->is.window_hops) {
        if (!(steady && d->is.media))
            *d->told = found[2] + d->is.offset;
        return;
    }
    d->loudest = level > d->loudest ? level : d->loudest;
    if (!steady && d->loudest + d->is.offset < *d->told)
        *d->told = d->loudest + d->is.offset;
}

static float denoise_gate(struct denoise *d, const float *power)
{
    double sum = exact_sum(power + d->is.first_bin, d->bins - d->is.first_bin);
    double hop = (double)d->is.hop, level = 10.0 * log10(sum * (2.0 / (2.0 * hop * hop)) + d->is.quietest);
    denoise_follow(d, level);
    d->held = level > d->held - d->is.release ? level : d->held - d->is.release;
    double gain = d->is.slope * (d->held - *d->told);
    gain = gain > d->is.deepest_db ? gain : d->is.deepest_db;
    return (float)pow(10.0, (gain < 0.0 ? gain : 0.0) / 20.0);
}

/* -- dsp.denoise_media -- */

static void denoise_track_first(struct denoise *d, const float *power)
{
    float share = 1.0f / (float)++d->hops;
    for (ptrdiff_t i = 0; i < d->bins; i++) {
        float heard = power[i] > d->is.lowest_noise ? power[i] : d->is.lowest_noise;
        d->noise[i] += (heard - d->noise[i]) * share;
    }
}

static void denoise_track(struct denoise *d, const float *power)
{
    if (d->hops < d->is.first_hops) {
        denoise_track_first(d, power);
        return;
    }
    float prior = d->is.speech_prior;
    vec most = (vec){0} + d->is.most_present, lowest = (vec){0} + d->is.lowest_noise;
    for (ptrdiff_t i = 0; i < d->stride; i += LANES) {
        vec noise = loaded(d->noise + i), heard = loaded(power + i), presence = loaded(d->presence + i);
        vec odds = (1.0f + prior) * exponential(heard / noise * (-prior / (1.0f + prior)));
        vec present = 1.0f / (1.0f + odds);
        presence += d->is.presence_step * (present - presence);
        mask stuck = presence > most;
        vec less = -larger(-present, -most);
        present = (vec)((stuck & (mask)less) | (~stuck & (mask)present));
        vec expected = present * noise + (1.0f - present) * heard;
        stored(d->presence + i, presence);
        stored(d->noise + i, larger(noise + d->is.noise_step * (expected - noise), lowest));
    }
}

/* The lowest gain: 1 where the background is too far below the speaker to be heard. */
static float denoise_deepest(const struct denoise *d)
{
    double sum = exact_sum(d->noise + d->is.first_bin, d->bins - d->is.first_bin), hop = (double)d->is.hop;
    double level = 10.0 * log10(sum * (1.0 / (hop * hop)) + d->is.quietest);
    double share = (d->is.audible - (d->speaker - level)) / (d->is.audible - d->is.loud);
    share = share > 0.0 ? share : 0.0;
    return (float)pow(10.0, d->is.deepest_db * (share < 1.0 ? share : 1.0) / 20.0);
}

static void denoise_gains(struct denoise *d, const float *power, float *gains)
{
    denoise_track(d, power);
    float kept = d->is.steadiness, deepest = denoise_deepest(d);
    for (ptrdiff_t i = 0; i < d->stride; i++) {
        float prior = power[i] - d->noise[i];
        prior = (1.0f - kept) * (prior > 0 ? prior : 0.0f) + kept * d->clean[i];
        float gain = prior / (prior + d->noise[i]);
        gains[i] = gain > deepest ? gain : deepest;
        d->clean[i] = gains[i] * gains[i] * power[i];
    }
}

/* -- dsp.denoise -- */

static void denoise_filter(struct denoise *d, float *re, float *im)
{
    float power[FFT_LONGEST / 2 + 1 + DENOISE_PADDING], gains[FFT_LONGEST / 2 + 1 + DENOISE_PADDING];
    for (ptrdiff_t i = 0; i < d->bins; i++)
        power[i] = re[i] * re[i] + im[i] * im[i];
    for (ptrdiff_t i = d->bins; i < d->stride; i++)
        power[i] = 0.0f;
    float gate = denoise_gate(d, power);
    if (d->is.media)
        denoise_gains(d, power, gains);
    for (ptrdiff_t i = 0; i < d->bins; i++) {
        float gain = d->is.media && gains[i] < gate ? gains[i] : gate;
        re[i] *= gain;
        im[i] *= gain;
    }
}

static void denoise_hop(struct denoise *d, float *out)
{
    float frame[FFT_LONGEST], re[FFT_LONGEST / 2 + 1], im[FFT_LONGEST / 2 + 1];
    ptrdiff_t hop = d->is.hop;
    for (ptrdiff_t i = 0; i < 2 * hop; i++)
        frame[i] = d->waiting[i] * d->taper[i];
    fft_forward(d->fft, frame, re, im);
    if (d->is.enabled)
        denoise_filter(d, re, im);
    fft_inverse(d->fft, re, im, frame);
    for (ptrdiff_t i = 0; i < hop; i++) {
        out[i] = frame[i] * d->taper[i] + d->tail[i];
        d->tail[i] = frame[hop + i] * d->taper[hop + i];
    }
}

/* Any run in, whole hops out. */
static void denoise(struct denoise *d, const float *samples, ptrdiff_t count, float *out)
{
    ptrdiff_t hop = d->is.hop;
    while (count) {
        ptrdiff_t taken = 2 * hop - d->filled < count ? 2 * hop - d->filled : count;
        memcpy(d->waiting + d->filled, samples, sizeof(float) * (size_t)taken);
        samples += taken, count -= taken, d->filled += taken;
        if (d->filled < 2 * hop)
            return;
        denoise_hop(d, out);
        out += hop;
        memcpy(d->waiting, d->waiting + hop, sizeof(float) * (size_t)hop);
        d->filled = hop;
    }
}

static void denoise_start(struct denoise *d)
{
    d->filled = d->is.hop;
    d->seen = d->hops = 0;
    d->held = d->loudest = d->speaker = d->is.lowest_level;
    *d->told = d->is.static_threshold;
    for (ptrdiff_t i = 0; i < d->stride; i++)
        d->noise[i] = d->is.lowest_noise;
}
