/* int16 PCM and G.711 to float32 samples and back; the arithmetic of dsp.pcm and dsp.g711, bit for bit. */

#define LARGEST (32767.0f / 32768.0f)
/* 1.5 * 2^8: float32 numbers of this size lie 2^-15 apart, so adding it rounds a sample to 16 bits, half to even. */
#define ROUNDING 384.0f
/* The bit pattern of the lowest sample, -1, plus ROUNDING. */
#define LOWEST 0x43bf8000u

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint32_t not_finite(float value)
{
    return (bits_of(value) & 0x7f800000u) == 0x7f800000u;
}

static inline float clipped(float sample)
{
    sample = sample > -1.0f ? sample : -1.0f;
    return sample < LARGEST ? sample : LARGEST;
}

static void split(const uint16_t *frames, uint16_t *left, uint16_t *right, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        left[i] = frames[2 * i];
        right[i] = frames[2 * i + 1];
    }
}

static void decode(const int16_t *restrict pcm, float *restrict samples, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++)
        samples[i] = (float)pcm[i] * (1.0f / 32768.0f);
}

static int encode(const float *restrict samples, int16_t *restrict pcm, ptrdiff_t count)
{
    uint32_t wrong = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        wrong |= not_finite(samples[i]);
        pcm[i] = (int16_t)bits_of(clipped(samples[i]) + ROUNDING);
    }
    return !wrong;
}

/* The rounded sample as an integer. */
static inline int32_t rounded(float sample)
{
    return (int32_t)bits_of(clipped(sample) + ROUNDING) - (int32_t)LOWEST - 32768;
}

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A magnitude's float32 has its segment in the exponent and the four bits of its step on top of the mantissa. */

static inline uint8_t mulaw_code(float sample)
{
    int32_t value = rounded(sample) >> 2, magnitude = value < 0 ? -value : value;
    magnitude = (magnitude < 8158 ? magnitude : 8158) + 33; /* beyond 8158 the code no longer changes */
    int32_t code = (int32_t)(bits_of((float)magnitude) >> 19) - (132 << 4);
    return (uint8_t)(code ^ (value < 0 ? 0x7f : 0xff));
}

static inline uint8_t alaw_code(float sample)
{
    int32_t value = rounded(sample) >> 3, magnitude = value < 0 ? -value - 1 : value;
    int32_t above = (int32_t)(bits_of((float)magnitude) >> 19) - (131 << 4);
    int32_t code = magnitude < 32 ? magnitude >> 1 : above;
    return (uint8_t)(code ^ (value < 0 ? 0x55 : 0xd5));
}

static inline float mulaw_sample(uint8_t inverted)
{
    uint32_t code = (uint8_t)~inverted;
    float magnitude = float_of(((code & 0x7f) << 19) + (132u << 23) + (1u << 18)) * 4.0f - 132.0f;
    float value = code & 0x80 ? -magnitude : magnitude;
    return value * (1.0f / 32768.0f) + 0.0f; /* no negative zero */
}

static inline float alaw_sample(uint8_t inverted)
{
    uint32_t code = inverted ^ 0x55u, steps = code & 0x7f, low = steps < 16;
    float above = float_of(((steps + (low << 4)) << 19) + (131u << 23) + (1u << 18)) * 8.0f;
    float magnitude = above - (low ? 256.0f : 0.0f);
    return (code & 0x80 ? magnitude : -magnitude) * (1.0f / 32768.0f);
}

#define COMPANDED(name, code_of)                                                               \
    static int name(const float *restrict samples, uint8_t *restrict codes, ptrdiff_t count)  \
    {                                                                                          \
        uint32_t wrong = 0;                                                                    \
        for (ptrdiff_t i = 0; i < count; i++) {                                                \
            wrong |= not_finite(samples[i]);                                                   \
            codes[i] = code_of(samples[i]);                                                    \
        }                                                                                      \
        return !wrong;                                                                         \
    }

#define EXPANDED(name, sample_of)                                                              \
    static void name(const uint8_t *restrict codes, float *restrict samples, ptrdiff_t count) \
    {                                                                                          \
        for (ptrdiff_t i = 0; i < count; i++)                                                  \
            samples[i] = sample_of(codes[i]);                                                  \
    }

COMPANDED(mulaw_compand, mulaw_code)
COMPANDED(alaw_compand, alaw_code)
EXPANDED(mulaw_expand, mulaw_sample)
EXPANDED(alaw_expand, alaw_sample)

/* Whether a stage works on every sample as it is; see dsp.stage.valid_samples. False for NaN. */
static int all_plain(const float *samples, ptrdiff_t count)
{
    uint32_t wrong = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        float magnitude = fabsf(samples[i]);
        wrong |= (!(magnitude <= 0x1p15f)) | ((magnitude < 0x1p-100f) & (magnitude != 0.0f));
    }
    return !wrong;
}

static int fits(const float *samples, ptrdiff_t count)
{
    uint32_t wrong = 0;
    for (ptrdiff_t i = 0; i < count; i++)
        wrong |= !(samples[i] >= -1.0f && samples[i] <= 1.0f); /* both are false for NaN */
    return !wrong;
}
