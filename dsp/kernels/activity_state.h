/* State of the voice detector: features of dsp.activity_features, network of dsp.activity_network. */
#ifndef DSP_ACTIVITY_STATE_H
#define DSP_ACTIVITY_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "fft_plan.h"

#define ACTIVITY_BANDS 64
#define ACTIVITY_UNITS 128

struct activity_parameters {
    ptrdiff_t hop, window, length, correlated, pitched_from, pitched_to, lag_from, lag_to, bands, units;
    float quietest, floor_rise, floor_fall, peak_rise, peak_fall, fastest_fall;
};

struct activity {
    struct activity_parameters is;
    const struct fft_plan *fft, *lags; /* of `length`, of `correlated` */
    ptrdiff_t features, padded; /* of a hop; units padded to whole vectors */
    const float *taper;         /* [window] */
    const float *scale;         /* [bands] */
    const float *octaves;       /* [lags] */
    const int64_t *bins;        /* [bands + 1] */
    const float *network;       /* layer, inner and recurrent, each with its bias; output; all padded */

    float *waiting;             /* [window]: what is kept of the stream */
    float *floor, *last;        /* [bands], dB */
    float *state;               /* [padded] */
    ptrdiff_t filled;           /* of `waiting` */
    float peak, height, octave;
    int fresh;
};

ptrdiff_t activity_layout(struct activity *a, float *memory);
/* Floats of `network`. */
ptrdiff_t activity_network_size(const struct activity *a);

#endif
