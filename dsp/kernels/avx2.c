/* The kernels for x86-64 with AVX2; empty elsewhere. */
#include "kernels.h"
#ifdef DSP_X86
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define VARIANT avx2
#include "bodies.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int nothing_to_build_here;
#endif
