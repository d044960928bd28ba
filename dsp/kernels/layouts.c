/* The arrays of each state, laid out one after the other in memory that Python owns. */
#include "activity_state.h"
#include "denoise_state.h"
#include "echo_state.h"
#include "limiter_state.h"

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
    e->tail = taken(&memory, &total, e->stride);
    e->tail_gain = taken(&memory, &total, e->stride);
    e->turns = taken(&memory, &total, e->stride);
    e->near_seen = taken(&memory, &total, (e->is.seen + e->is.farthest_jump) * block);
    e->echo_seen = taken(&memory, &total, (e->is.seen + e->is.farthest_jump) * block);
    e->taps = taken(&memory, &total, e->is.partitions * block);
    e->moved = taken(&memory, &total, e->is.partitions * block);
    return total;
}

static ptrdiff_t padded(ptrdiff_t count)
{
    return (count + ECHO_PADDING - 1) / ECHO_PADDING * ECHO_PADDING;
}

ptrdiff_t activity_layout(struct activity *a, float *memory)
{
    ptrdiff_t total = 0;
    a->features = 3 * a->is.bands + 6;
    a->padded = padded(a->is.units);
    a->waiting = taken(&memory, &total, a->is.window);
    a->floor = taken(&memory, &total, a->is.bands);
    a->last = taken(&memory, &total, a->is.bands);
    a->state = taken(&memory, &total, a->padded);
    return total;
}

ptrdiff_t activity_network_size(const struct activity *a)
{
    ptrdiff_t layer = (a->features + 1) * a->padded, gates = 3 * a->padded;
    return layer + 2 * (a->is.units + 1) * gates + a->padded + 1;
}

ptrdiff_t denoise_layout(struct denoise *d, float *memory)
{
    ptrdiff_t total = 0, hop = d->is.hop;
    d->bins = hop + 1;
    d->stride = padded(d->bins);
    d->waiting = taken(&memory, &total, 2 * hop);
    d->tail = taken(&memory, &total, hop);
    d->noise = taken(&memory, &total, d->stride);
    d->presence = taken(&memory, &total, d->stride);
    d->clean = taken(&memory, &total, d->stride);
    d->counts = (int32_t *)taken(&memory, &total, d->is.level_count);
    d->ring = (uint8_t *)taken(&memory, &total, d->is.window_hops / 4 + 1);
    return total;
}

ptrdiff_t limiter_layout(struct limiter *l, float *memory)
{
    ptrdiff_t total = 0, size = l->is.window + 1;
    l->delay = l->is.seen_late + l->is.window - 1;
    l->line = taken(&memory, &total, l->delay);
    l->highest = (int64_t *)taken(&memory, &total, 2 * size);
    l->due = (int64_t *)taken(&memory, &total, 2 * size);
    l->recent = (int64_t *)taken(&memory, &total, 2 * size);
    return total;
}
