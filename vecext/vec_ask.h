/* vec_ask.h - asking memory for bytes before they are read: what is asked for together is waited for together. */
#ifndef VECEXT_VEC_ASK_H
#define VECEXT_VEC_ASK_H

#include <stddef.h>

enum { VEC_CACHE_LINE = 64 };

static inline void vec_ask(const void *from, size_t n)
{
    for (size_t i = 0; i < n; i += VEC_CACHE_LINE)
        __builtin_prefetch((const char *)from + i);
}

#endif
