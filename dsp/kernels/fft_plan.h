/* Constants of the real Fourier transform of one length. */
#ifndef DSP_FFT_PLAN_H
#define DSP_FFT_PLAN_H

#include <stddef.h>

#define FFT_LONGEST 4096
#define FFT_PASSES 12

struct fft_plan {
    int size, half, passes;
    int radix[FFT_PASSES];
    const float *twiddles[FFT_PASSES], *roots[FFT_PASSES];
    const float *turn; /* cosines, then sines of k / size turns, for k below half */
    float numbers[];
};

/* The plan for an even length up to FFT_LONGEST; NULL for another length, or without memory. */
const struct fft_plan *fft_plan(ptrdiff_t size);

#endif
