/* vec_kernel.c - choosing a SIMD level; see vec_kernel.h. */
#include "vecext/vec_kernel.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern const struct vec_kernels vec_kernels_scalar;
#if defined(__x86_64__)
extern const struct vec_kernels vec_kernels_avx2, vec_kernels_avx512;
#elif defined(__aarch64__)
extern const struct vec_kernels vec_kernels_neon;
#endif

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") &&
           __builtin_cpu_supports("popcnt");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

/* Best first. NEON is part of every AArch64. */
static const struct {
    const struct vec_kernels *kernels;
    bool (*present)(void);
} levels[] = {
#if defined(__x86_64__)
    {&vec_kernels_avx512, has_avx512},
    {&vec_kernels_avx2, has_avx2},
#elif defined(__aarch64__)
    {&vec_kernels_neon, always},
#endif
    {&vec_kernels_scalar, always},
};
enum { LEVELS = sizeof levels / sizeof *levels };

static const struct vec_kernels *chosen;
static const char *available[LEVELS + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    const char *wanted = getenv("VECEXT_SIMD");
    int n = 0;
    for (int i = 0; i < LEVELS; i++) {
        if (!levels[i].present())
            continue;
        available[n++] = levels[i].kernels->name;
        if (!chosen || (wanted && strcmp(wanted, levels[i].kernels->name) == 0))
            chosen = levels[i].kernels;
    }
}

const struct vec_kernels *vec_kernels(void)
{
    pthread_once(&once, choose);
    return chosen;
}

const struct vec_kernels *vec_kernels_named(const char *name)
{
    for (int i = 0; i < LEVELS; i++)
        if (strcmp(levels[i].kernels->name, name) == 0 && levels[i].present())
            return levels[i].kernels;
    return NULL;
}

const char *const *vec_kernels_available(void)
{
    pthread_once(&once, choose);
    return available;
}
