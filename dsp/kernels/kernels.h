/* The compiled kernels: what module.c calls, built once per instruction set.
 *
 * Each of baseline.c, avx2.c and avx512.c includes the same bodies under another target and fills one table of them;
 * module.c takes the best table that the processor supports, when it is loaded. Nothing here knows of Python.
 */
#ifndef DSP_KERNELS_H
#define DSP_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "activity_state.h"
#include "denoise_state.h"
#include "echo_state.h"
#include "limiter_state.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "PCM is little-endian: on this machine the numpy code is used"
#endif

#define FIR_SPAN 8
#define FIR_PADDING 32

/* Polyphase filter of dsp.live: one matrix of weights per group of neighbouring outputs, padded to FIR_PADDING. */
struct fir {
    float *window;          /* history + block_in samples */
    const int64_t *first;   /* [groups][repeats]: where each group begins to look at the window */
    const float *weights;   /* [groups][reach][padded] */
    const int64_t *spans;   /* [groups][padded / FIR_SPAN][2]: the taps of so many outputs that are not zero */
    ptrdiff_t history, block_in, block_out, groups, repeats, reach, width, padded;
    int64_t in_rate, out_rate;
};

/* Changes with every parameter, array and function that Python knows of; dsp/backends.py has the same. */
#define DSP_INTERFACE 5

struct kernels {
    const char *name;
    void (*split)(const uint16_t *frames, uint16_t *left, uint16_t *right, ptrdiff_t count);
    void (*decode)(const int16_t *pcm, float *samples, ptrdiff_t count);
    /* Both return 0 where a sample is not finite. */
    int (*encode)(const float *samples, int16_t *pcm, ptrdiff_t count);
    int (*compand[2])(const float *samples, uint8_t *codes, ptrdiff_t count);
    /* By law: 0 for mu-law, 1 for A-law. */
    void (*expand[2])(const uint8_t *codes, float *samples, ptrdiff_t count);
    /* Whether a stage works on all samples as they are. */
    int (*all_plain)(const float *samples, ptrdiff_t count);
    /* Whether all samples lie within [-1, 1]. */
    int (*fits)(const float *samples, ptrdiff_t count);
    /* Returns how many samples of the block are filled after it. */
    ptrdiff_t (*fir)(const struct fir *filter, const float *in, ptrdiff_t count, float *out, ptrdiff_t filled);
    void (*echo_start)(struct echo *state);
    /* `out` has room for the blocks that become whole; echo_state.waiting is what stays. */
    void (*echo)(struct echo *state, const float *near, const float *far, ptrdiff_t count, float *out);
    void (*activity_start)(struct activity *state);
    void (*activity)(struct activity *state, const float *samples, ptrdiff_t count, float *probabilities);
    void (*denoise_start)(struct denoise *state);
    void (*denoise)(struct denoise *state, const float *samples, ptrdiff_t count, float *out);
    int (*limiter_rest)(struct limiter *state, const float *samples, ptrdiff_t count, float *out);
    void (*limiter)(struct limiter *state, const float *samples, const float *between, ptrdiff_t count, float *out);
};

extern const struct kernels kernels_baseline;
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define DSP_X86 1
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

#endif
