/* extension_parts.h: includes the files of extension/ with the one macro its includer has defined; all other rows expand
   to nothing. Included several times on purpose: no guard.
   To add an extension: its file here; what its types look like in the file: `forms` in extension.c. */
#ifndef EXT_EXTENSION
#define EXT_EXTENSION(...)
#endif
#ifndef EXT_TYPE
#define EXT_TYPE(...)
#endif
#ifndef EXT_COMPOSITE
#define EXT_COMPOSITE(...)
#endif
#ifndef EXT_AM
#define EXT_AM(...)
#endif
#ifndef EXT_PROC
#define EXT_PROC(...)
#endif
#ifndef EXT_PROC_ARGS
#define EXT_PROC_ARGS(...)
#endif
#ifndef EXT_AGGREGATE
#define EXT_AGGREGATE(...)
#endif
#ifndef EXT_OPERATOR
#define EXT_OPERATOR(...)
#endif
#ifndef EXT_CAST
#define EXT_CAST(...)
#endif
#ifndef EXT_OPCLASS
#define EXT_OPCLASS(...)
#endif
#include "sql/catalog/extension/vector.def"
#include "sql/catalog/extension/pgcrypto.def"
#include "sql/catalog/extension/citext.def"
#include "sql/catalog/extension/pg_trgm.def"
#include "sql/catalog/extension/uuid_ossp.def"
#include "sql/catalog/extension/unaccent.def"
#include "sql/catalog/extension/hstore.def"
#include "sql/catalog/extension/fuzzystrmatch.def"
#include "sql/catalog/extension/tablefunc.def"
#include "sql/catalog/extension/intarray.def"
#include "sql/catalog/extension/ltree.def"
#include "sql/catalog/extension/btree_gin.def"
#include "sql/catalog/extension/btree_gist.def"
#include "sql/catalog/extension/cube.def"
#include "sql/catalog/extension/isn.def"
#undef EXT_EXTENSION
#undef EXT_TYPE
#undef EXT_COMPOSITE
#undef EXT_AM
#undef EXT_PROC
#undef EXT_PROC_ARGS
#undef EXT_AGGREGATE
#undef EXT_OPERATOR
#undef EXT_CAST
#undef EXT_OPCLASS
