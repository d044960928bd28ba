/* State of dsp.limiter: the delay line, and what is to be taken off. Gain is counted in whole steps of 1 / one. */
#ifndef DSP_LIMITER_STATE_H
#define DSP_LIMITER_STATE_H

#include <stddef.h>
#include <stdint.h>

struct limiter_parameters {
    ptrdiff_t factor, seen_late, window, step, one;
    double ceiling, quiet;
};

struct limiter {
    struct limiter_parameters is;
    ptrdiff_t delay;
    float *line;            /* [delay]: ring of the samples that wait */
    int64_t *highest, *due; /* [window + 1] each: the excesses that may yet be the largest, and until when */
    int64_t *recent;        /* [window]: ring of the last reductions */
    ptrdiff_t at, first, count, place;
    int64_t now, reduction, total;
};

ptrdiff_t limiter_layout(struct limiter *l, float *memory);

#endif
