/*
 * partition.c: see partition.h. The conditions follow PostgreSQL's: what pg_get_partition_constraintdef shows.
 */
#include "sql/analyze/partition.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sql/analyze/format_type.h"

/* --- text of bounds -------------------------------------------------------------------------------- */

static const char *skip(const char *p)
{
    while (*p == ' ')
        p++;
    return p;
}

static bool eat(const char **p, const char *word)
{
    const char *s = skip(*p);
    size_t n = strlen(word);
    if (strncmp(s, word, n) != 0)
        return false;
    *p = s + n;
    return true;
}

/* 'it''s' or a bare word. */
static bool parse_datum(const char **p, struct arena *a, struct bound_datum *d)
{
    const char *s = skip(*p);
    *d = (struct bound_datum){.kind = DATUM_VALUE, .location = -1};
    if (*s == '\'') {
        char *text = arena_alloc(a, strlen(s) + 1), *out = text;
        for (s++; *s && !(*s == '\'' && s[1] != '\''); s++) {
            s += *s == '\'';
            *out++ = *s;
        }
        *out = 0;
        d->text = text;
        *p = s + (*s == '\'');
        return *s == '\'';
    }
    size_t n = strcspn(s, ",) ");
    d->text = arena_strndup(a, s, n);
    d->bare = true;
    *p = s + n;
    if (!strcmp(d->text, "NULL"))
        d->kind = DATUM_NULL;
    else if (!strcmp(d->text, "MINVALUE"))
        d->kind = DATUM_MINVALUE;
    else if (!strcmp(d->text, "MAXVALUE"))
        d->kind = DATUM_MAXVALUE;
    return n > 0;
}

static bool parse_list(const char **p, struct arena *a, struct bound_datum **out, int *n)
{
    int cap = 1;
    for (const char *s = *p; *s; s++)
        cap += *s == ',';
    *out = ARENA_ARRAY(a, struct bound_datum, cap);
    *n = 0;
    if (!eat(p, "("))
        return false;
    do {
        if (!parse_datum(p, a, &(*out)[(*n)++]))
            return false;
    } while (*n < cap && eat(p, ","));
    return eat(p, ")");
}

bool partition_bound_parse(const char *text, struct arena *a, struct partition_bound *out)
{
    const char *p = text;
    *out = (struct partition_bound){.location = -1};
    if (eat(&p, "DEFAULT"))
        return true;
    if (!eat(&p, "FOR VALUES"))
        return false;
    if (eat(&p, "IN")) {
        out->strategy = 'l';
        return parse_list(&p, a, &out->lower, &out->nlower);
    }
    if (eat(&p, "FROM")) {
        out->strategy = 'r';
        return parse_list(&p, a, &out->lower, &out->nlower) && eat(&p, "TO") &&
               parse_list(&p, a, &out->upper, &out->nupper);
    }
    if (!eat(&p, "WITH") || !eat(&p, "(") || !eat(&p, "modulus"))
        return false;
    char *end;
    out->strategy = 'h';
    out->modulus = (int)strtol(p, &end, 10);
    p = end;
    if (!eat(&p, ",") || !eat(&p, "remainder"))
        return false;
    out->remainder = (int)strtol(p, &end, 10);
    return end != p && out->modulus > 0;
}

static void add_literal(const char *text, struct strbuf *out)
{
    strbuf_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            strbuf_addc(out, '\'');
        strbuf_addc(out, *text);
    }
    strbuf_addc(out, '\'');
}

static void print_list(const struct bound_datum *d, int n, struct strbuf *out)
{
    strbuf_addc(out, '(');
    for (int i = 0; i < n; i++) {
        strbuf_addz(out, i ? ", " : "");
        if (d[i].kind != DATUM_VALUE)
            strbuf_addz(out, d[i].kind == DATUM_NULL ? "NULL" : d[i].kind == DATUM_MINVALUE ? "MINVALUE" : "MAXVALUE");
        else if (d[i].bare)
            strbuf_addz(out, d[i].text);
        else
            add_literal(d[i].text, out);
    }
    strbuf_addc(out, ')');
}

void partition_bound_print(const struct partition_bound *b, struct strbuf *out)
{
    switch (b->strategy) {
    case 'l':
        strbuf_addz(out, "FOR VALUES IN ");
        print_list(b->lower, b->nlower, out);
        break;
    case 'r':
        strbuf_addz(out, "FOR VALUES FROM ");
        print_list(b->lower, b->nlower, out);
        strbuf_addz(out, " TO ");
        print_list(b->upper, b->nupper, out);
        break;
    case 'h':
        strbuf_printf(out, "FOR VALUES WITH (modulus %d, remainder %d)", b->modulus, b->remainder);
        break;
    default:
        strbuf_addz(out, "DEFAULT");
    }
}

/* --- conditions -------------------------------------------------------------------------------------- */

static void add_key(const struct relation *parent, int i, struct arena *a, struct strbuf *out)
{
    const struct partition_column *c = &parent->partition_key->columns[i];
    if (c->attnum)
        strbuf_addz(out, format_identifier(a, parent->atts[c->attnum - 1].name));
    else
        strbuf_printf(out, "(%s)", c->expr_sql);
}

static void add_value(const struct relation *parent, int i, const struct bound_datum *d, struct strbuf *out)
{
    const struct type_def *t = type_builtin(parent->partition_key->columns[i].type);
    add_literal(d->text, out);
    if (t && !type_is_array(t)) /* user types are found by the operator's other side */
        strbuf_printf(out, "::pg_catalog.\"%s\"", t->name);
}

static void add_compare(const struct relation *parent, int i, const char *op, const struct bound_datum *d,
                        struct arena *a, struct strbuf *out)
{
    add_key(parent, i, a, out);
    strbuf_printf(out, " %s ", op);
    add_value(parent, i, d, out);
}

static bool parent_is_array_key(const struct relation *parent)
{
    const struct type_def *t = type_builtin(parent->partition_key->columns[0].type);
    return t && type_is_array(t);
}

static void list_text(const struct relation *parent, const struct bound_datum *d, int n, struct arena *a,
                      struct strbuf *out)
{
    int values = 0;
    bool null = false;
    for (int i = 0; i < n; i++) {
        null |= d[i].kind == DATUM_NULL;
        values += d[i].kind == DATUM_VALUE;
    }
    strbuf_addc(out, '(');
    add_key(parent, 0, a, out);
    strbuf_addz(out, null ? " IS NULL)" : " IS NOT NULL)");
    if (!values)
        return;
    strbuf_addz(out, null ? " OR (" : " AND (");
    const struct type_def *t = type_builtin(parent->partition_key->columns[0].type);
    bool each = parent_is_array_key(parent); /* there are no arrays of arrays */
    const char *open = each || values == 1 ? " = " : t ? " = ANY (ARRAY[" : " IN (";
    for (int i = 0, k = 0; i < n; i++) {
        if (d[i].kind != DATUM_VALUE)
            continue;
        if (!k || each) {
            strbuf_addz(out, k ? ") OR (" : each && values > 1 ? "(" : "");
            add_key(parent, 0, a, out);
            strbuf_addz(out, open);
        } else {
            strbuf_addz(out, ", ");
        }
        add_value(parent, 0, &d[i], out);
        k++;
    }
    strbuf_addz(out, values == 1 ? ")" : each || !t ? "))" : "]))");
}

static void range_not_null(const struct relation *parent, struct arena *a, struct strbuf *out)
{
    for (int i = 0; i < parent->partition_key->ncolumns; i++) {
        strbuf_addz(out, i ? " AND (" : "(");
        add_key(parent, i, a, out);
        strbuf_addz(out, " IS NOT NULL)");
    }
}

/* One side of a range from column `first` on: the arms of a lexicographic comparison. */
static void range_side(const struct relation *parent, const struct bound_datum *d, int n, int first, bool lower,
                       struct arena *a, struct strbuf *out)
{
    struct strbuf arms = {0};
    int narms = 0;
    enum datum_kind reached = lower ? DATUM_MINVALUE : DATUM_MAXVALUE;
    for (int arm = 0; first + arm < n; arm++) {
        if (d[first + arm].kind != DATUM_VALUE)
            break;
        strbuf_addz(&arms, narms++ ? " OR (" : "(");
        for (int j = first; j < first + arm; j++) {
            strbuf_addc(&arms, '(');
            add_compare(parent, j, "=", &d[j], a, &arms);
            strbuf_addz(&arms, ") AND ");
        }
        int j = first + arm;
        bool last = j == n - 1, infinite = !last && d[j + 1].kind == reached;
        const char *op = lower ? (last || infinite ? ">=" : ">") : (infinite ? "<=" : "<");
        strbuf_addz(&arms, arm ? "(" : "");
        add_compare(parent, j, op, &d[j], a, &arms);
        strbuf_addz(&arms, arm ? "))" : ")");
        if (!last && d[j + 1].kind != DATUM_VALUE)
            break;
    }
    if (narms > 1)
        strbuf_printf(out, " AND (%s)", arms.data);
    else if (narms)
        strbuf_printf(out, " AND %s", arms.data);
    strbuf_free(&arms);
}

/* " AND ..." conditions of a range. */
static void range_text(const struct relation *parent, const struct partition_bound *b, struct arena *a,
                       struct strbuf *out)
{
    int first = 0, n = b->nlower < b->nupper ? b->nlower : b->nupper;
    for (; first < n; first++) {
        const struct bound_datum *l = &b->lower[first], *u = &b->upper[first];
        if (l->kind != DATUM_VALUE || u->kind != DATUM_VALUE || strcmp(l->text, u->text) != 0)
            break;
        strbuf_addz(out, " AND (");
        add_compare(parent, first, "=", l, a, out);
        strbuf_addc(out, ')');
    }
    range_side(parent, b->lower, b->nlower, first, true, a, out);
    range_side(parent, b->upper, b->nupper, first, false, a, out);
}

/* All lists of the siblings as one: what the default partition may not hold. */
static void default_list(const struct relation *parent, struct arena *a, struct strbuf *out)
{
    struct bound_datum *all = NULL;
    int n = 0;
    for (int i = 0; i < parent->nchildren; i++) {
        struct partition_bound b;
        if (!parent->children[i]->partition_bound ||
            !partition_bound_parse(parent->children[i]->partition_bound, a, &b) || b.strategy != 'l')
            continue;
        struct bound_datum *grown = ARENA_ARRAY(a, struct bound_datum, n + b.nlower);
        if (n)
            memcpy(grown, all, sizeof(*all) * (size_t)n);
        memcpy(grown + n, b.lower, sizeof(*all) * (size_t)b.nlower);
        all = grown;
        n += b.nlower;
    }
    if (!n)
        return;
    strbuf_addz(out, "NOT (");
    list_text(parent, all, n, a, out);
    strbuf_addc(out, ')');
}

static void default_range(const struct relation *parent, struct arena *a, struct strbuf *out)
{
    struct strbuf arms = {0};
    int narms = 0;
    for (int i = 0; i < parent->nchildren; i++) {
        struct partition_bound b;
        if (!parent->children[i]->partition_bound ||
            !partition_bound_parse(parent->children[i]->partition_bound, a, &b) || b.strategy != 'r')
            continue;
        struct strbuf one = {0};
        range_text(parent, &b, a, &one);
        strbuf_addz(&arms, narms++ ? " OR (" : "(");
        strbuf_addz(&arms, one.len ? one.data + strlen(" AND ") : "true");
        strbuf_addc(&arms, ')');
        strbuf_free(&one);
    }
    if (narms) {
        strbuf_addz(out, "NOT (");
        range_not_null(parent, a, out);
        strbuf_printf(out, narms > 1 ? " AND (%s))" : " AND %s)", arms.data);
    }
    strbuf_free(&arms);
}

void partition_check_text(const struct relation *part, struct arena *a, struct strbuf *out)
{
    struct partition_bound b;
    const struct relation *parent = part->nparents ? part->parents[0] : NULL;
    if (!part->partition_bound || !parent || !parent->partition_key)
        return;
    if (!partition_bound_parse(part->partition_bound, a, &b) ||
        (b.strategy == 'r' && (b.nlower != parent->partition_key->ncolumns || b.nupper != parent->partition_key->ncolumns)))
        strbuf_addz(out, "false"); /* damaged metadata: no rows go there */
    else if (b.strategy == 'l') {
        list_text(parent, b.lower, b.nlower, a, out);
    } else if (b.strategy == 'r') {
        range_not_null(parent, a, out);
        range_text(parent, &b, a, out);
    } else if (b.strategy == 'h') {
        strbuf_printf(out, "satisfies_hash_partition('%u'::oid, %d, %d", parent->oid, b.modulus, b.remainder);
        for (int i = 0; i < parent->partition_key->ncolumns; i++) {
            strbuf_addz(out, ", ");
            add_key(parent, i, a, out);
        }
        strbuf_addc(out, ')');
    } else if (parent->partition_key->strategy == 'l') {
        default_list(parent, a, out);
    } else {
        default_range(parent, a, out);
    }
}

void partition_full_check_text(const struct relation *part, struct arena *a, struct strbuf *out)
{
    if (part->partition_bound && part->nparents)
        partition_full_check_text(part->parents[0], a, out);
    struct strbuf own = {0};
    partition_check_text(part, a, &own);
    if (own.len) {
        bool either = strncmp(own.data, "(", 1) == 0 && strstr(own.data, " IS NULL) OR ") != NULL;
        if (out->len)
            strbuf_addz(out, " AND ");
        strbuf_printf(out, either && (out->len || part->parents[0]->partition_bound) ? "(%s)" : "%s", own.data);
    }
    strbuf_free(&own);
}

void partition_key_text(const struct relation *r, struct arena *a, struct strbuf *out)
{
    for (int i = 0; r->partition_key && i < r->partition_key->ncolumns; i++) {
        const struct partition_column *c = &r->partition_key->columns[i];
        strbuf_addz(out, i ? ", " : "");
        if (c->attnum)
            strbuf_addz(out, format_identifier(a, r->atts[c->attnum - 1].name));
        else
            strbuf_addz(out, c->expr_sql);
    }
}

/* --- trees --------------------------------------------------------------------------------------------- */

const struct relation *partition_root(const struct relation *r)
{
    while (r->partition_bound && r->nparents)
        r = r->parents[0];
    return r;
}

bool relation_inherits(const struct relation *r, const struct relation *root)
{
    if (r == root)
        return true;
    for (int i = 0; i < r->nparents; i++)
        if (relation_inherits(r->parents[i], root))
            return true;
    return false;
}

static int count_family(const struct relation *r)
{
    int n = 1;
    for (int i = 0; i < r->nchildren; i++)
        n += count_family(r->children[i]);
    return n;
}

static int add_family(const struct relation *r, const struct relation **out, int n)
{
    for (int i = 0; i < n; i++)
        if (out[i] == r)
            return n;
    if (r->kind != RELKIND_PARTITIONED)
        out[n++] = r;
    for (int i = 0; i < r->nchildren; i++)
        n = add_family(r->children[i], out, n);
    return n;
}

int relation_family(const struct relation *root, struct arena *a, const struct relation ***out)
{
    *out = ARENA_ARRAY(a, const struct relation *, count_family(root));
    return add_family(root, *out, 0);
}
