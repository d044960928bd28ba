/* Plans of the real Fourier transform: made once per length, under the GIL, and kept. */
#include "fft_plan.h"

#include <math.h>
#include <stdlib.h>

#define PLANS 64

static struct fft_plan *plans[PLANS];

static const double FULL_TURN = 6.283185307179586476925286766559;

/* Radix 4 first, so that all later passes run over at least four neighbours. */
static int factorised(struct fft_plan *plan)
{
    int rest = plan->half, pass = 0;
    while (rest > 1) {
        int radix = rest % 4 == 0 ? 4 : 2;
        while (rest % radix)
            radix++;
        plan->radix[pass++] = radix;
        rest /= radix;
    }
    return pass;
}

/* For each pass and each k below its radix: the cosines and then the sines of turns 0, k/n, 2k/n … */
static float *twiddled(float *to, int n, int radix)
{
    for (int k = 1; k < radix; k++) {
        for (int p = 0; p < n / radix; p++)
            *to++ = (float)cos(FULL_TURN * k * p / n);
        for (int p = 0; p < n / radix; p++)
            *to++ = (float)-sin(FULL_TURN * k * p / n);
    }
    return to;
}

/* Cosines and then sines of 0 to radix - 1 turns over the radix. */
static float *rooted(float *to, int radix)
{
    for (int k = 0; k < radix; k++) {
        to[k] = (float)cos(FULL_TURN * k / radix);
        to[radix + k] = (float)-sin(FULL_TURN * k / radix);
    }
    return to + 2 * radix;
}

static struct fft_plan *planned(int size)
{
    /* Every pass needs fewer than 2 * half twiddles and at most 2 * half roots; `turn` needs 2 * half. */
    struct fft_plan *plan = calloc(1, sizeof *plan + sizeof(float) * (size_t)size * (2 * FFT_PASSES + 1));
    if (plan == NULL)
        return NULL;
    plan->size = size;
    plan->half = size / 2;
    plan->passes = factorised(plan);
    float *to = plan->numbers;
    for (int pass = 0, n = plan->half; pass < plan->passes; n /= plan->radix[pass++]) {
        plan->twiddles[pass] = to;
        to = twiddled(to, n, plan->radix[pass]);
        plan->roots[pass] = to;
        to = rooted(to, plan->radix[pass]);
    }
    plan->turn = to;
    for (int k = 0; k < plan->half; k++) {
        to[k] = (float)cos(FULL_TURN * k / size);
        to[plan->half + k] = (float)sin(FULL_TURN * k / size);
    }
    return plan;
}

const struct fft_plan *fft_plan(ptrdiff_t size)
{
    if (size < 2 || size > FFT_LONGEST || size % 2)
        return NULL;
    int free_place = -1;
    for (int i = 0; i < PLANS && free_place < 0; i++) {
        if (plans[i] == NULL)
            free_place = i;
        else if (plans[i]->size == size)
            return plans[i];
    }
    return free_place < 0 ? NULL : (plans[free_place] = planned((int)size));
}
