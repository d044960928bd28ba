/* State of the Fourier denoiser: the gate of dsp.denoise_gate, the background of dsp.denoise_media. */
#ifndef DSP_DENOISE_STATE_H
#define DSP_DENOISE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "fft_plan.h"

#define DENOISE_PADDING 16

struct denoise_parameters {
    /* The plan. */
    ptrdiff_t hop, enabled, media, window_hops;
    double static_threshold, offset, percentiles[3]; /* quiet, loud, baseline */
    /* The gate. */
    ptrdiff_t first_bin, level_count;
    double release, slope, deepest_db, quietest, lowest_level, level_step, steady;
    /* The background. */
    ptrdiff_t first_hops;
    double audible, loud; /* dB below the speaker */
    float lowest_noise, speech_prior, presence_step, most_present, noise_step, steadiness;
};

struct denoise {
    struct denoise_parameters is;
    const struct fft_plan *fft;
    const float *taper;              /* [2 * hop] */
    double *told;                    /* [1]: the threshold, dBFS */
    ptrdiff_t bins, stride;
    float *waiting, *tail;           /* [2 * hop], [hop] */
    float *noise, *presence, *clean; /* [stride] */
    uint8_t *ring;                   /* [window_hops] */
    int32_t *counts;                 /* [level_count] */
    ptrdiff_t filled, seen, hops;
    double held, loudest, speaker; /* dBFS */
};

ptrdiff_t denoise_layout(struct denoise *d, float *memory);

#endif
