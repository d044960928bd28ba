/* The widest vector of float32 that the variant has, and what GNU C does not spell itself. */

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float vec __attribute__((vector_size(4 * LANES)));

static inline vec loaded(const float *from)
{
    vec value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void stored(float *to, vec value)
{
    memcpy(to, &value, sizeof value);
}

static inline float summed(vec value)
{
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++)
        sum += value[lane];
    return sum;
}

typedef int32_t mask __attribute__((vector_size(4 * LANES)));

static inline vec larger(vec a, vec b)
{
    mask first = a > b;
    return (vec)((first & (mask)a) | (~first & (mask)b));
}

static float dot(const float *a, const float *b, ptrdiff_t count)
{
    vec sum = {0};
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES)
        sum += loaded(a + i) * loaded(b + i);
    float rest = 0;
    for (; i < count; i++)
        rest += a[i] * b[i];
    return summed(sum) + rest;
}
