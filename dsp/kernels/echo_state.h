/* State of the echo canceller: parameters and counters here, arrays in one run of float32 that Python owns. */
#ifndef DSP_ECHO_STATE_H
#define DSP_ECHO_STATE_H

#include <stddef.h>

#include "fft_plan.h"

/* Arrays over bins are padded to this many, so that every variant runs over whole vectors. */
#define ECHO_PADDING 16

/* The most lags, partitions, and blocks in which a jump is looked for. */
#define ECHO_LAGS 64
#define ECHO_PARTITIONS 16
#define ECHO_BLOCKS_SEEN 8

struct echo_parameters {
    ptrdiff_t block, low, stop, farthest, partitions, lead, patience, first_slack, slack, settled, settling, upkeep;
    ptrdiff_t seen, farthest_jump; /* blocks */
    float suppression, least_gain, unheard_energy;
    float memory, quiet, clearly, coherent, related;
    float kept, confidence, common, drift, first_uncertainty, uncertainty_decay, noise_memory, noise_floor;
    float misfit, misfit_share, misfit_memory, audible_energy;
    float refitted, clearly_audible_energy, alike, clearly_alike, emphasis, faint;
    float most_drift, first_spread, wander, jitter, least_move; /* samples per block, their squares, samples */
    float longest;
};

struct echo {
    struct echo_parameters is;
    const struct fft_plan *fft;
    const float *window;      /* [2 * block], of the suppressor */
    ptrdiff_t bins, stride;   /* of a spectrum of two blocks */
    ptrdiff_t places, row;    /* phases that are compared, and their padded count */
    ptrdiff_t lags, blocks;   /* lags looked at; spectra kept */

    /* Spectra and phases are rows of real parts, then imaginary parts. */
    float *near_last, *far_last, *near_waiting, *far_waiting; /* [2 * block] twice, [block] twice */
    float *spectra, *weights, *uncertainty, *ignorance;       /* [blocks][2][stride], [partitions] the others */
    float *noise, *expected;                                  /* [stride] */
    float *far_phases, *average;                              /* [lags][2][row] */
    float *frame, *overlap;                                   /* [2 * block], [block], of the suppressor */
    float *tail, *tail_gain, *turns;                          /* [stride]; radians per sample of delay */
    float *near_seen, *echo_seen;                             /* [(seen + farthest_jump) * block] */
    float *taps, *moved;                                      /* [partitions * block], for `filter_delay` */

    ptrdiff_t waiting, newest, newest_phases;
    ptrdiff_t candidate, stayed, lag; /* lag: -1 as long as nothing stands out */
    float trusted;
    int related, found, expects;
    ptrdiff_t offset, settled_for, age, silent_blocks, unrelated;
    float likeness[3];
    ptrdiff_t watched;                                                      /* blocks seen: both arrays are rings */
    float watched_energy[ECHO_BLOCKS_SEEN], watched_both[ECHO_BLOCKS_SEEN]; /* of each block's expected echo */
    float tail_decay;
    double drift, due, late_spread, cross, drift_spread; /* of the drift tracker */
};

/* Lay the arrays out in `memory`, or return how many floats they need where it is NULL. */
ptrdiff_t echo_layout(struct echo *e, float *memory);

#endif
