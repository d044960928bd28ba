/* The real Fourier transform in float32, real and imaginary parts apart.
 *
 * Stockham's self-sorting form: no bit reversal, and every pass but the first runs over at least four neighbours. A
 * real signal is transformed as a complex one of half the length, whose spectrum is then untangled.
 */

typedef float four __attribute__((vector_size(16)));

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLED(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#endif
#endif
#ifndef SHUFFLED
typedef int four_places __attribute__((vector_size(16)));
#define SHUFFLED(a, b, i, j, k, l) __builtin_shuffle(a, b, (four_places){i, j, k, l})
#endif

struct parts {
    float *re, *im;
};

/* One pass of a radix: `m` turns, each over `s` neighbours, of which V holds some. Passes of radix 3 and 5 follow
 * Winograd's forms. */
#define LOAD(V, from)                          \
    ({                                         \
        V loaded_;                             \
        memcpy(&loaded_, (from), sizeof(V));   \
        loaded_;                               \
    })
#define STORE(V, to, value)                    \
    do {                                       \
        V stored_ = (value);                   \
        memcpy((to), &stored_, sizeof(V));     \
    } while (0)
#define TURNED(V, k, at, real, imag)                                                     \
    do {                                                                                 \
        float c_ = w[(2 * (k)-2) * m + p], s_ = w[(2 * (k)-1) * m + p];                  \
        V r_ = (real), i_ = (imag);                                                      \
        STORE(V, y.re + (at), r_ * c_ - i_ * s_);                                        \
        STORE(V, y.im + (at), r_ * s_ + i_ * c_);                                        \
    } while (0)

#define PASSES(SUFFIX, V)                                                                                            \
    static inline void pass2##SUFFIX(int m, int s, struct parts x, struct parts y, const float *restrict w)          \
    {                                                                                                                \
        for (int p = 0; p < m; p++)                                                                                  \
            for (int q = 0; q < s; q += (int)(sizeof(V) / 4)) {                                                      \
                int from = q + s * p, to = q + s * 2 * p, step = s * m;                                              \
                V ar = LOAD(V, x.re + from), ai = LOAD(V, x.im + from);                                              \
                V br = LOAD(V, x.re + from + step), bi = LOAD(V, x.im + from + step);                                \
                STORE(V, y.re + to, ar + br);                                                                        \
                STORE(V, y.im + to, ai + bi);                                                                        \
                TURNED(V, 1, to + s, ar - br, ai - bi);                                                              \
            }                                                                                                        \
    }                                                                                                                \
    static inline void pass3##SUFFIX(int m, int s, struct parts x, struct parts y, const float *restrict w)          \
    {                                                                                                                \
        const float third = 0.866025403784438647f;                                                                   \
        for (int p = 0; p < m; p++)                                                                                  \
            for (int q = 0; q < s; q += (int)(sizeof(V) / 4)) {                                                      \
                int from = q + s * p, to = q + s * 3 * p, step = s * m;                                              \
                V ar = LOAD(V, x.re + from), ai = LOAD(V, x.im + from);                                              \
                V br = LOAD(V, x.re + from + step), bi = LOAD(V, x.im + from + step);                                \
                V cr = LOAD(V, x.re + from + 2 * step), ci = LOAD(V, x.im + from + 2 * step);                        \
                V sr = br + cr, si = bi + ci, dr = (br - cr) * third, di = (bi - ci) * third;                        \
                V mr = ar - sr * 0.5f, mi = ai - si * 0.5f;                                                          \
                STORE(V, y.re + to, ar + sr);                                                                        \
                STORE(V, y.im + to, ai + si);                                                                        \
                TURNED(V, 1, to + s, mr + di, mi - dr);                                                              \
                TURNED(V, 2, to + 2 * s, mr - di, mi + dr);                                                          \
            }                                                                                                        \
    }                                                                                                                \
    static inline void pass4##SUFFIX(int m, int s, struct parts x, struct parts y, const float *restrict w)          \
    {                                                                                                                \
        for (int p = 0; p < m; p++)                                                                                  \
            for (int q = 0; q < s; q += (int)(sizeof(V) / 4)) {                                                      \
                int from = q + s * p, to = q + s * 4 * p, step = s * m;                                              \
                V ar = LOAD(V, x.re + from), ai = LOAD(V, x.im + from);                                              \
                V br = LOAD(V, x.re + from + step), bi = LOAD(V, x.im + from + step);                                \
                V cr = LOAD(V, x.re + from + 2 * step), ci = LOAD(V, x.im + from + 2 * step);                        \
                V dr = LOAD(V, x.re + from + 3 * step), di = LOAD(V, x.im + from + 3 * step);                        \
                V er = ar + cr, ei = ai + ci, fr = ar - cr, fi = ai - ci;                                            \
                V gr = br + dr, gi = bi + di, hr = bi - di, hi = dr - br;                                            \
                STORE(V, y.re + to, er + gr);                                                                        \
                STORE(V, y.im + to, ei + gi);                                                                        \
                TURNED(V, 1, to + s, fr + hr, fi + hi);                                                              \
                TURNED(V, 2, to + 2 * s, er - gr, ei - gi);                                                          \
                TURNED(V, 3, to + 3 * s, fr - hr, fi - hi);                                                          \
            }                                                                                                        \
    }                                                                                                                \
    static inline void pass5##SUFFIX(int m, int s, struct parts x, struct parts y, const float *restrict w)          \
    {                                                                                                                \
        const float c1 = 0.309016994374947424f, c2 = -0.809016994374947424f;                                         \
        const float s1 = 0.951056516295153572f, s2 = 0.587785252292473129f;                                          \
        for (int p = 0; p < m; p++)                                                                                  \
            for (int q = 0; q < s; q += (int)(sizeof(V) / 4)) {                                                      \
                int from = q + s * p, to = q + s * 5 * p, step = s * m;                                              \
                V ar = LOAD(V, x.re + from), ai = LOAD(V, x.im + from);                                              \
                V br = LOAD(V, x.re + from + step), bi = LOAD(V, x.im + from + step);                                \
                V cr = LOAD(V, x.re + from + 2 * step), ci = LOAD(V, x.im + from + 2 * step);                        \
                V dr = LOAD(V, x.re + from + 3 * step), di = LOAD(V, x.im + from + 3 * step);                        \
                V er = LOAD(V, x.re + from + 4 * step), ei = LOAD(V, x.im + from + 4 * step);                        \
                V tr = br + er, ti = bi + ei, ur = cr + dr, ui = ci + di;                                            \
                V vr = br - er, vi = bi - ei, xr = cr - dr, xi = ci - di;                                            \
                V gr = ar + tr * c1 + ur * c2, gi = ai + ti * c1 + ui * c2;                                          \
                V hr = ar + tr * c2 + ur * c1, hi = ai + ti * c2 + ui * c1;                                          \
                V kr = vi * s1 + xi * s2, ki = vr * s1 + xr * s2;                                                    \
                V lr = vi * s2 - xi * s1, li = vr * s2 - xr * s1;                                                    \
                STORE(V, y.re + to, ar + tr + ur);                                                                   \
                STORE(V, y.im + to, ai + ti + ui);                                                                   \
                TURNED(V, 1, to + s, gr + kr, gi - ki);                                                              \
                TURNED(V, 2, to + 2 * s, hr + lr, hi - li);                                                          \
                TURNED(V, 3, to + 3 * s, hr - lr, hi + li);                                                          \
                TURNED(V, 4, to + 4 * s, gr - kr, gi + ki);                                                          \
            }                                                                                                        \
    }                                                                                                                \
    static void pass##SUFFIX(int radix, int m, int s, struct parts x, struct parts y, const float *w)                \
    {                                                                                                                \
        switch (radix) {                                                                                             \
        case 2: pass2##SUFFIX(m, s, x, y, w); break;                                                                 \
        case 3: pass3##SUFFIX(m, s, x, y, w); break;                                                                 \
        case 4: pass4##SUFFIX(m, s, x, y, w); break;                                                                 \
        default: pass5##SUFFIX(m, s, x, y, w);                                                                       \
        }                                                                                                            \
    }

PASSES(_one, float)
PASSES(_four, four)
#if LANES > 4
PASSES(_vec, vec)
#else
#define pass_vec pass_four
#endif

/* Any other radix, for rates like 11025 Hz: the transform as it is defined. */
static void pass_any(int radix, int m, int s, struct parts x, struct parts y, const float *w, const float *root)
{
    for (int p = 0; p < m; p++)
        for (int k = 0; k < radix; k++) {
            float c = k ? w[(2 * k - 2) * m + p] : 1.0f, t = k ? w[(2 * k - 1) * m + p] : 0.0f;
            for (int q = 0; q < s; q++) {
                float re = 0, im = 0;
                for (int j = 0; j < radix; j++) {
                    float cr = root[j * k % radix], ci = root[radix + j * k % radix];
                    float xr = x.re[q + s * (p + m * j)], xi = x.im[q + s * (p + m * j)];
                    re += cr * xr - ci * xi;
                    im += cr * xi + ci * xr;
                }
                y.re[q + s * (radix * p + k)] = re * c - im * t;
                y.im[q + s * (radix * p + k)] = re * t + im * c;
            }
        }
}

/* Four rows become four columns. */
#define TRANSPOSED(a, b, c, d)                                                                   \
    do {                                                                                         \
        four ab = SHUFFLED(a, b, 0, 4, 1, 5), cd = SHUFFLED(c, d, 0, 4, 1, 5);                   \
        four AB = SHUFFLED(a, b, 2, 6, 3, 7), CD = SHUFFLED(c, d, 2, 6, 3, 7);                   \
        a = SHUFFLED(ab, cd, 0, 1, 4, 5), b = SHUFFLED(ab, cd, 2, 3, 6, 7);                      \
        c = SHUFFLED(AB, CD, 0, 1, 4, 5), d = SHUFFLED(AB, CD, 2, 3, 6, 7);                      \
    } while (0)

/* The first pass, whose neighbours are the turns: radix 4, four turns at a time. */
static void pass_first(int m, struct parts x, struct parts y, const float *restrict w)
{
    for (int p = 0; p < m; p += 4) {
        four ar = LOAD(four, x.re + p), ai = LOAD(four, x.im + p);
        four br = LOAD(four, x.re + p + m), bi = LOAD(four, x.im + p + m);
        four cr = LOAD(four, x.re + p + 2 * m), ci = LOAD(four, x.im + p + 2 * m);
        four dr = LOAD(four, x.re + p + 3 * m), di = LOAD(four, x.im + p + 3 * m);
        four er = ar + cr, ei = ai + ci, fr = ar - cr, fi = ai - ci;
        four gr = br + dr, gi = bi + di, hr = bi - di, hi = dr - br;
        four out_r[4] = {er + gr, fr + hr, er - gr, fr - hr}, out_i[4] = {ei + gi, fi + hi, ei - gi, fi - hi};
        for (int k = 1; k < 4; k++) {
            four c = LOAD(four, w + (2 * k - 2) * m + p), t = LOAD(four, w + (2 * k - 1) * m + p);
            four r = out_r[k] * c - out_i[k] * t;
            out_i[k] = out_r[k] * t + out_i[k] * c;
            out_r[k] = r;
        }
        TRANSPOSED(out_r[0], out_r[1], out_r[2], out_r[3]);
        TRANSPOSED(out_i[0], out_i[1], out_i[2], out_i[3]);
        for (int k = 0; k < 4; k++) {
            STORE(four, y.re + 4 * (p + k), out_r[k]);
            STORE(four, y.im + 4 * (p + k), out_i[k]);
        }
    }
}

/* The complex transform; returns which of the two holds the answer. */
static struct parts fft_complex(const struct fft_plan *plan, struct parts x, struct parts y)
{
    int s = 1, n = plan->half;
    for (int pass = 0; pass < plan->passes; pass++) {
        int radix = plan->radix[pass], m = n / radix;
        const float *w = plan->twiddles[pass];
        if (radix > 5)
            pass_any(radix, m, s, x, y, w, plan->roots[pass]);
        else if (s == 1 && radix == 4 && m % 4 == 0)
            pass_first(m, x, y, w);
        else if (s % LANES == 0)
            pass_vec(radix, m, s, x, y, w);
        else if (s % 4 == 0)
            pass_four(radix, m, s, x, y, w);
        else
            pass_one(radix, m, s, x, y, w);
        struct parts swapped = x;
        x = y, y = swapped;
        s *= radix, n = m;
    }
    return x;
}

#define FFT_ROOM                                                                                  \
    float room[4][FFT_LONGEST / 2] __attribute__((aligned(64)));                                  \
    struct parts x = {room[0], room[1]}, y = {room[2], room[3]}

/* The spectrum of `size` samples: half + 1 bins. */
static void fft_forward(const struct fft_plan *plan, const float *restrict samples, float *restrict re,
                        float *restrict im)
{
    FFT_ROOM;
    int half = plan->half;
    for (int i = 0; i < half; i++) {
        x.re[i] = samples[2 * i];
        x.im[i] = samples[2 * i + 1];
    }
    struct parts z = fft_complex(plan, x, y);
    const float *restrict zr = z.re, *restrict zi = z.im, *restrict turn = plan->turn;
    re[0] = zr[0] + zi[0];
    re[half] = zr[0] - zi[0];
    im[0] = im[half] = 0.0f;
    for (int k = 1; k < half; k++) {
        float er = zr[k] + zr[half - k], ei = zi[k] - zi[half - k];
        float odr = zi[k] + zi[half - k], odi = zr[half - k] - zr[k];
        re[k] = 0.5f * (er + turn[k] * odr + turn[half + k] * odi);
        im[k] = 0.5f * (ei + turn[k] * odi - turn[half + k] * odr);
    }
}

/* The inverse, scaled so that it undoes fft_forward. */
static void fft_inverse(const struct fft_plan *plan, const float *restrict re, const float *restrict im,
                        float *restrict samples)
{
    FFT_ROOM;
    int half = plan->half;
    float scale = 0.5f / (float)half;
    const float *restrict turn = plan->turn;
    float *restrict zr = x.re, *restrict zi = x.im;
    zr[0] = scale * (re[0] + re[half]);
    zi[0] = scale * (re[0] - re[half]);
    for (int k = 1; k < half; k++) {
        float er = re[k] + re[half - k], ei = im[k] - im[half - k];
        float dr = re[k] - re[half - k], di = im[k] + im[half - k];
        float odr = turn[k] * dr - turn[half + k] * di, odi = turn[k] * di + turn[half + k] * dr;
        zr[k] = scale * (er - odi);
        zi[k] = scale * (ei + odr);
    }
    /* With real and imaginary parts exchanged the forward transform is the inverse. */
    struct parts z = fft_complex(plan, (struct parts){x.im, x.re}, (struct parts){y.im, y.re});
    const float *restrict even = z.im, *restrict odd = z.re;
    for (int i = 0; i < half; i++) {
        samples[2 * i] = even[i];
        samples[2 * i + 1] = odd[i];
    }
}
