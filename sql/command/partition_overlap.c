/*
 * partition_overlap.c: the bound of a new partition against those of its siblings. The sibling that a message names, and the place
 * it points at, are those that PostgreSQL finds by searching its sorted bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/partition.h"
#include "sql/command/partition_command.h"

struct sibling {
    const struct relation *r;
    struct partition_bound b;
};

const struct relation *partition_default(const struct relation *parent)
{
    for (int i = 0; i < parent->nchildren; i++)
        if (parent->children[i]->partition_bound && !strcmp(parent->children[i]->partition_bound, "DEFAULT"))
            return parent->children[i];
    return NULL;
}

/* Order of two datums of one key column; datums of kinds that cannot be read compare equal. */
static int compare_datum(struct command *c, const struct relation *parent, int column, const struct bound_datum *x,
                         const struct bound_datum *y)
{
    static const int rank[] = {[DATUM_MINVALUE] = -1, [DATUM_VALUE] = 0, [DATUM_NULL] = 0, [DATUM_MAXVALUE] = 1};
    if (x->kind != DATUM_VALUE || y->kind != DATUM_VALUE)
        return rank[x->kind] - rank[y->kind];
    const struct type_def *t = snapshot_type(c->snapshot, parent->partition_key->columns[column].type);
    struct value a, b;
    if (!type_input(t, x->text, strlen(x->text), -1, c->ctx, c->arena, c->err, &a) ||
        !type_input(t, y->text, strlen(y->text), -1, c->ctx, c->arena, c->err, &b))
        return 0;
    return type_compare(t, &a, &b, c->ctx);
}

/* Less or greater than 0 by the number of the column that decides, from 1. */
static int compare_range(struct command *c, const struct relation *parent, const struct bound_datum *x,
                         const struct bound_datum *y)
{
    for (int i = 0; i < parent->partition_key->ncolumns; i++) {
        int order = compare_datum(c, parent, i, &x[i], &y[i]);
        if (order)
            return order < 0 ? -(i + 1) : i + 1;
        if (x[i].kind != DATUM_VALUE)
            return 0;
    }
    return 0;
}

static bool would_overlap(struct command *c, const char *name, const struct relation *with, int location)
{
    error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "partition \"%s\" would overlap partition \"%s\"", name, with->name);
    cmd_position(c, location);
    return false;
}

static bool check_empty_range(struct command *c, const struct relation *parent, const char *name,
                              const struct partition_bound *b)
{
    int order = compare_range(c, parent, b->lower, b->upper);
    if (order < 0)
        return true;
    struct strbuf text = {0};
    partition_bound_print(b, &text);
    const char *from = text.data + strlen("FOR VALUES FROM "), *to = strstr(from, " TO ");
    error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION, "empty range bound specified for partition \"%s\"", name);
    error_detail(c->err, "Specified lower bound %.*s is greater than or equal to upper bound %s.", (int)(to - from), from,
                 to + strlen(" TO "));
    int last = 0;
    while (!order && last < b->nlower - 1 && b->lower[last].kind == DATUM_VALUE)
        last++;
    cmd_position(c, b->lower[order ? order - 1 : last].location);
    strbuf_free(&text);
    return false;
}

static bool check_list(struct command *c, const struct relation *parent, const char *name, const struct partition_bound *b,
                       const struct sibling *s, int n)
{
    for (int i = 0; i < b->nlower; i++)
        for (int k = 0; k < n; k++)
            for (int j = 0; j < s[k].b.nlower; j++) {
                const struct bound_datum *x = &b->lower[i], *y = &s[k].b.lower[j];
                if (x->kind == y->kind && (x->kind == DATUM_NULL || !compare_datum(c, parent, 0, x, y)))
                    return would_overlap(c, name, s[k].r, x->location);
            }
    return true;
}

/* The column a message points at where a sibling begins just at the new lower bound: the first, or the last compared if another
   sibling ends there. */
static int equal_column(struct command *c, const struct relation *parent, const struct partition_bound *b, const struct sibling *s,
                        int n)
{
    int last = 0;
    while (last < b->nlower - 1 && b->lower[last].kind == DATUM_VALUE)
        last++;
    for (int k = 0; k < n; k++)
        if (!compare_range(c, parent, s[k].b.upper, b->lower))
            return last;
    return 0;
}

/* The sibling that holds the new lower bound, or else the first behind it, if that begins before the new one ends. */
static bool check_range(struct command *c, const struct relation *parent, const char *name, const struct partition_bound *b,
                        const struct sibling *s, int n)
{
    const struct sibling *next = NULL;
    for (int k = 0; k < n; k++) {
        int lower = compare_range(c, parent, s[k].b.lower, b->lower);
        if (lower <= 0 && compare_range(c, parent, s[k].b.upper, b->lower) > 0)
            return would_overlap(c, name, s[k].r, b->lower[lower ? abs(lower) - 1 : equal_column(c, parent, b, s, n)].location);
        if (lower > 0 && (!next || compare_range(c, parent, s[k].b.lower, next->b.lower) < 0))
            next = &s[k];
    }
    int upper = next ? compare_range(c, parent, next->b.lower, b->upper) : 1;
    return upper >= 0 || would_overlap(c, name, next->r, b->upper[abs(upper) - 1].location);
}

static int by_modulus(const void *a, const void *b)
{
    const struct partition_bound *x = &((const struct sibling *)a)->b, *y = &((const struct sibling *)b)->b;
    return x->modulus != y->modulus ? (x->modulus > y->modulus) - (x->modulus < y->modulus)
                                    : (x->remainder > y->remainder) - (x->remainder < y->remainder);
}

static bool bad_modulus(struct command *c, const struct partition_bound *b, const struct sibling *s, bool divisible)
{
    error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
              "every hash partition modulus must be a factor of the next larger modulus");
    error_detail(c->err,
                 divisible ? "The new modulus %d is not divisible by %d, the modulus of existing partition \"%s\"."
                           : "The new modulus %d is not a factor of %d, the modulus of existing partition \"%s\".",
                 b->modulus, s->b.modulus, s->r->name);
    return false;
}

/* Every modulus must be a factor of the next larger one; remainders must differ. */
static bool check_hash(struct command *c, const char *name, const struct partition_bound *b, struct sibling *s, int n)
{
    struct sibling probe = {.b = *b};
    int at = 0;
    qsort(s, (size_t)n, sizeof(*s), by_modulus);
    while (at < n && by_modulus(&s[at], &probe) <= 0)
        at++;
    if (at > 0 && b->modulus % s[at - 1].b.modulus)
        return bad_modulus(c, b, &s[at - 1], true);
    if (at < n && s[at].b.modulus % b->modulus)
        return bad_modulus(c, b, &s[at], false);
    int greatest = n && s[n - 1].b.modulus > b->modulus ? s[n - 1].b.modulus : b->modulus;
    for (int r = b->remainder; n && r < greatest; r += b->modulus)
        for (int k = 0; k < n; k++)
            if (r % s[k].b.modulus == s[k].b.remainder)
                return would_overlap(c, name, s[k].r, b->location);
    return true;
}

bool partition_check_bound(struct command *c, const struct relation *parent, const char *name, const struct partition_bound *b)
{
    const struct relation *other = b->strategy ? NULL : partition_default(parent);
    if (other) {
        error_set(c->err, ERRCODE_INVALID_OBJECT_DEFINITION,
                  "partition \"%s\" conflicts with existing default partition \"%s\"", name, other->name);
        cmd_position(c, b->location);
        return false;
    }
    struct sibling *s = ARENA_ARRAY(c->arena, struct sibling, parent->nchildren + 1);
    int n = 0;
    for (int i = 0; b->strategy && i < parent->nchildren; i++) {
        s[n].r = parent->children[i];
        n += s[n].r->partition_bound && partition_bound_parse(s[n].r->partition_bound, c->arena, &s[n].b) &&
             s[n].b.strategy == b->strategy;
    }
    bool ok = b->strategy == 'l'   ? check_list(c, parent, name, b, s, n)
              : b->strategy == 'r' ? check_empty_range(c, parent, name, b) && check_range(c, parent, name, b, s, n)
              : b->strategy == 'h' ? check_hash(c, name, b, s, n)
                                   : true;
    return ok && !error_is_set(c->err);
}
