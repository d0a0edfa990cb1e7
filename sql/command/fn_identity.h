/* fn_identity.h: what there is to say of an object, for fn_identity.c, fn_identity_rare.c, fn_address.c and event triggers. */
#ifndef PGF_COMMAND_FN_IDENTITY_H
#define PGF_COMMAND_FN_IDENTITY_H

#include "sql/command/fn_catalog.h"

/* What is known of one object; NULL where PostgreSQL gives none. */
struct identity {
    const char *type;        /* "table column" */
    const char *schema, *name;
    const char *identity;    /* "public.t.c" */
    const char *description; /* "column c of table t" */
    const char *names[4];
    const char **args, *own[2]; /* args: own, or more in the arena */
    int nnames, nargs;
    const char *missing; /* the type of an object that is not there */
};

/* False without error when there is no such object; XX000 for classes that are no catalog of objects. */
bool object_identify(struct fcall *f, uint32_t classid, uint32_t oid, int sub, struct identity *i);
/* fn_identity_rare.c: the catalogs few ask for. */
bool object_identify_rare(struct fcall *f, uint32_t classid, uint32_t oid, struct identity *i);
/* fn_address.c: pg_get_object_address of f's arguments: classid, objid, objsubid. */
bool object_address_find(struct fcall *f, struct value *c);

/* A name as an identifier; a schema's name; both of an object; a type with its schema. */
const char *identity_quoted(struct fcall *f, const char *name);
const char *identity_schema(struct fcall *f, uint32_t oid);
const char *identity_qualified(struct fcall *f, uint32_t ns, const char *name);
const char *identity_type(struct fcall *f, uint32_t oid);
void identity_names(struct identity *i, const char *a, const char *b, const char *c);
/* Objects with a name of their own and no schema; false without a name. */
bool identity_plain(struct fcall *f, struct identity *i, const char *type, const char *name);
/* "s.f USING btree" of an operator family and its parts; NULL: there is none. */
const char *identity_family(struct fcall *f, uint32_t oid, const char **am, const char **schema, const char **name);
/* A text[] of these. */
struct value identity_array(struct fcall *f, const char *const *items, int n);

#endif
