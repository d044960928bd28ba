/* All kernels of one variant, and their table. Included by baseline.c, avx2.c and avx512.c. */
#include <math.h>
#include <string.h>

#include "kernels.h"

#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)
#define TEXT(a) #a
#define TEXT_OF(a) TEXT(a)

#include "vector.h"

#include "pcm.h"
#include "fir.h"
#include "fft.h"
#include "echo.h"
#include "activity.h"
#include "denoise.h"
#include "limiter.h"

const struct kernels NAMED(kernels_, VARIANT) = {
    .name = TEXT_OF(VARIANT),
    .split = split,
    .decode = decode,
    .encode = encode,
    .compand = {mulaw_compand, alaw_compand},
    .expand = {mulaw_expand, alaw_expand},
    .all_plain = all_plain,
    .fits = fits,
    .fir = fir,
    .echo_start = echo_start,
    .echo = echo,
    .activity_start = activity_start,
    .activity = activity,
    .denoise_start = denoise_start,
    .denoise = denoise,
    .limiter_rest = limiter_rest,
    .limiter = limiter,
};
