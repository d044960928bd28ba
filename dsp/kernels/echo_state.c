/* The arrays of an echo canceller, laid out one after the other. */
#include "echo_state.h"

static float *taken(float **memory, ptrdiff_t *total, ptrdiff_t count)
{
    float *here = *memory;
    count = (count + ECHO_PADDING - 1) / ECHO_PADDING * ECHO_PADDING;
    *total += count;
    if (*memory)
        *memory += count;
    return here;
}

ptrdiff_t echo_layout(struct echo *e, float *memory)
{
    ptrdiff_t total = 0, block = e->is.block;
    e->near_last = taken(&memory, &total, 2 * block);
    e->far_last = taken(&memory, &total, 2 * block);
    e->near_waiting = taken(&memory, &total, block);
    e->far_waiting = taken(&memory, &total, block);
    e->spectra = taken(&memory, &total, e->blocks * 2 * e->stride);
    e->weights = taken(&memory, &total, e->is.partitions * 2 * e->stride);
    e->uncertainty = taken(&memory, &total, e->is.partitions * e->stride);
    e->ignorance = taken(&memory, &total, e->is.partitions);
    e->noise = taken(&memory, &total, e->stride);
    e->expected = taken(&memory, &total, e->stride);
    e->far_phases = taken(&memory, &total, e->lags * 2 * e->row);
    e->average = taken(&memory, &total, e->lags * 2 * e->row);
    e->frame = taken(&memory, &total, 2 * block);
    e->overlap = taken(&memory, &total, block);
    return total;
}
