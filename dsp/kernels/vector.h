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

/* So many int16 as float32. */
static inline vec widened(const int16_t *from)
{
    typedef int16_t narrow __attribute__((vector_size(2 * LANES)));
    narrow value;
    memcpy(&value, from, sizeof value);
    return __builtin_convertvector(value, vec);
}

/* The sum in float64. */
static inline double exact_sum(const float *values, ptrdiff_t count)
{
    typedef float half __attribute__((vector_size(2 * LANES)));
    typedef double wide __attribute__((vector_size(4 * LANES)));
    wide sums[2] = {{0}, {0}};
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int part = 0; part < 2; part++) {
            half some;
            memcpy(&some, values + i + part * LANES / 2, sizeof some);
            sums[part] += __builtin_convertvector(some, wide);
        }
    double sum = 0;
    for (; i < count; i++)
        sum += values[i];
    for (int lane = 0; lane < LANES / 2; lane++)
        sum += sums[0][lane] + sums[1][lane];
    return sum;
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

/* The exponential function to 1e-7, of -87 to 88; what lies outside is clipped. */
static inline vec exponential(vec x)
{
    const vec top = (vec){0} + 88.0f, bottom = (vec){0} - 87.0f;
    x = larger(x, bottom);
    x = -larger(-x, -top);
    /* x = n log 2 + r, with n rounded by adding what leaves no fraction. */
    vec n = x * 1.44269504088896341f + 12582912.0f;
    mask whole = (mask)n - 0x4b400000;
    n -= 12582912.0f;
    vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec power = 1.9875691500e-4f * r + 1.3981999507e-3f;
    power = power * r + 8.3334519073e-3f;
    power = power * r + 4.1665795894e-2f;
    power = power * r + 1.6666665459e-1f;
    power = power * r + 5.0000001201e-1f;
    power = power * r * r + r + 1.0f;
    return power * (vec)((whole + 127) << 23);
}

/* 1 / (1 + e^-x) */
static inline vec logistic(vec x)
{
    return 1.0f / (1.0f + exponential(-x));
}

static inline vec hyperbolic_tangent(vec x)
{
    return 2.0f * logistic(2.0f * x) - 1.0f;
}

/* The natural logarithm to 1e-7, of what is neither 0 nor subnormal nor negative. */
static inline vec logarithm(vec x)
{
    const vec root = (vec){0} + 1.41421356f;
    mask exponent = ((mask)x >> 23) - 127;
    vec f = (vec)(((mask)x & 0x7fffff) | 0x3f800000);
    mask upper = f > root; /* -1 where it is */
    exponent -= upper;
    f = f * (vec)((upper & 0x3f000000) | (~upper & 0x3f800000)) - 1.0f;
    vec e = __builtin_convertvector(exponent, vec), square = f * f;
    vec power = 7.0376836292e-2f * f - 1.1514610310e-1f;
    power = power * f + 1.1676998740e-1f;
    power = power * f - 1.2420140846e-1f;
    power = power * f + 1.4249322787e-1f;
    power = power * f - 1.6668057665e-1f;
    power = power * f + 2.0000714765e-1f;
    power = power * f - 2.4999993993e-1f;
    power = power * f + 3.3333331174e-1f;
    power = power * f * square - 2.12194440e-4f * e - 0.5f * square;
    return f + power + 0.693359375f * e;
}

/* Place of the first of the greatest. */
static inline ptrdiff_t place_of_greatest(const float *values, ptrdiff_t count)
{
    float greatest = values[0];
    ptrdiff_t i = 0;
    if (count >= LANES) {
        vec most = loaded(values);
        for (i = LANES; i + LANES <= count; i += LANES)
            most = larger(most, loaded(values + i));
        for (int lane = 0; lane < LANES; lane++)
            greatest = most[lane] > greatest ? most[lane] : greatest;
    }
    for (; i < count; i++)
        greatest = values[i] > greatest ? values[i] : greatest;
    for (i = 0; i < count - 1; i++)
        if (values[i] == greatest)
            return i;
    return i;
}
