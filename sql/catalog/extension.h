/*
 * extension.h: the extensions that are built in: what CREATE EXTENSION brings under these names needs no files. Their
 * objects are facts in extension/ (one file each), their code is in types/contrib and types/vector.
 *
 * Objects exist in a snapshot while _pg_extension has a row of the name; their OIDs are fixed, ten thousand
 * to an extension, so that stored references outlive DROP and CREATE.
 */
#ifndef PGF_CATALOG_EXTENSION_H
#define PGF_CATALOG_EXTENSION_H

#include <stdbool.h>
#include <stdint.h>

struct loader;
struct snapshot;
struct extension_def;
struct namespace_def;

struct extension_info {
    int position;
    const char *name, *version;
    const char *schema; /* the one it must be in, or NULL */
    bool relocatable, superuser, trusted;
    const char *requires; /* names with commas, or NULL */
    const char *comment;
};

/* NULL for a name that is not built in. Any thread. */
const struct extension_info *extension_builtin(const char *name);
const struct extension_info *extension_builtin_all(int *n);
/* The built-in extension that brings the object of that OID; NULL for all other objects. */
const struct extension_info *extension_of_oid(uint32_t oid);
/* The installed extension that brings it, by the same rule. */
const struct extension_def *snapshot_extension_of(const struct snapshot *s, uint32_t oid);

/* The text search dictionary that an installed extension brings (unaccent), and its schema; NULL without. */
#define EXTENSION_UNACCENT_DICTIONARY (900000000u + 59000u)
const struct namespace_def *snapshot_unaccent_schema(const struct snapshot *s);

/* Puts the objects of a built-in extension into the snapshot under construction. */
void snapshot_add_extension(struct loader *l, const struct extension_info *info,
                            uint32_t namespace_oid);

#endif
