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
