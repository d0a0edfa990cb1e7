/*
 * type_catalog.h: the door through which types/ asks the catalog, two floors up, about types that users made.
 *
 * The catalog installs its functions once at start (type_catalog_install); without them (unit
 * tests of types/) only built-in types exist. Answers are valid as long as the snapshot is.
 */
#ifndef PGF_TYPES_TYPE_CATALOG_H
#define PGF_TYPES_TYPE_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

struct snapshot;
struct type_def;
struct eval_context;
struct ts_dictionary;
struct ts_mapping;

/* A label of an enum: they come in their order. */
struct type_enum_label {
    uint32_t oid;
    float sortorder;
    const char *label;
};

/* A column of a composite type, dropped ones included (type 0). */
struct type_attribute {
    const char *name;
    uint32_t type;
    int32_t typmod;
};

/* A range type with its subtype and multirange type. */
struct type_range {
    uint32_t range, subtype, multirange;
};

struct fcall;

struct type_catalog {
    const struct type_def *(*find_type)(const struct snapshot *s, uint32_t oid);
    /* The i-th label (from 0) of an enum; false beyond the last. */
    bool (*enum_label)(const struct snapshot *s, uint32_t type, int i, struct type_enum_label *out);
    /* The i-th column (from 0) of a composite type; false beyond the last. */
    bool (*attribute)(const struct snapshot *s, uint32_t type, int i, struct type_attribute *out);
    /* A text search dictionary that users made or an extension brings; NULL for any other. */
    const struct ts_dictionary *(*ts_dictionary)(const struct snapshot *s, uint32_t oid);
    /* The mappings of a text search configuration that users made, by token type; NULL if there is none of that OID. */
    const struct ts_mapping *(*ts_mappings)(const struct snapshot *s, uint32_t oid, int *n);
    /* Of a range or multirange type that users made; false for any other. */
    bool (*range)(const struct snapshot *s, uint32_t type, struct type_range *out);
};

/* Once, before any session exists. The struct must live for the process. */
void type_catalog_install(const struct type_catalog *c);

/* Any type: built-in, or of the statement's snapshot. NULL if there is none; ctx may be NULL. */
const struct type_def *type_find(const struct eval_context *ctx, uint32_t oid);
/* The type's name as messages show it: what format_type() gives, in f->arena. */
const char *type_shown_name(struct fcall *f, uint32_t oid);
bool type_enum_label_at(const struct eval_context *ctx, uint32_t type, int i,
                        struct type_enum_label *out);
bool type_attribute_at(const struct eval_context *ctx, uint32_t type, int i,
                       struct type_attribute *out);
const struct ts_dictionary *type_ts_dictionary(const struct eval_context *ctx, uint32_t oid);
const struct ts_mapping *type_ts_mappings(const struct eval_context *ctx, uint32_t oid, int *n);
bool type_range_of(const struct eval_context *ctx, uint32_t type, struct type_range *out);

#endif
