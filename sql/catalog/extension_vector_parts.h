/* extension_vector_parts.h: includes extension_vector.def with the one macro its includer has defined; all other rows expand
   to nothing. Included several times on purpose: no guard. */
#ifndef VEC_TYPE
#define VEC_TYPE(...)
#endif
#ifndef VEC_AM
#define VEC_AM(...)
#endif
#ifndef VEC_PROC
#define VEC_PROC(...)
#endif
#ifndef VEC_AGGREGATE
#define VEC_AGGREGATE(...)
#endif
#ifndef VEC_OPERATOR
#define VEC_OPERATOR(...)
#endif
#ifndef VEC_CAST
#define VEC_CAST(...)
#endif
#ifndef VEC_OPCLASS
#define VEC_OPCLASS(...)
#endif
#include "sql/catalog/extension_vector.def"
#undef VEC_TYPE
#undef VEC_AM
#undef VEC_PROC
#undef VEC_AGGREGATE
#undef VEC_OPERATOR
#undef VEC_CAST
#undef VEC_OPCLASS
