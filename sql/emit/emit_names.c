/*
 * emit_names.c: identifiers, literals, aliases and column references of the printed SQL.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sql/catalog/declared_type.h"
#include "sql/emit/emitter.h"
#include "sql/plan/walk.h"

void emit_identifier(struct strbuf *out, const char *name)
{
    strbuf_addc(out, '"');
    for (const char *p = name; *p; p++) {
        if (*p == '"')
            strbuf_addc(out, '"');
        strbuf_addc(out, *p);
    }
    strbuf_addc(out, '"');
}

static void literal_real(struct strbuf *out, double d)
{
    if (isinf(d)) {
        strbuf_addz(out, d > 0 ? "9e999" : "(-9e999)");
        return;
    }
    char buf[40];
    snprintf(buf, sizeof(buf), "%.17g", d);
    bool plain = !strpbrk(buf, ".e");
    strbuf_printf(out, signbit(d) ? "(%s%s)" : "%s%s", buf, plain ? ".0" : "");
}

static void literal_text(struct strbuf *out, const char *p, size_t n)
{
    strbuf_addc(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\'')
            strbuf_addc(out, '\'');
        strbuf_addc(out, p[i]);
    }
    strbuf_addc(out, '\'');
}

static void emit_hex(struct strbuf *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char piece[512];
    for (size_t i = 0; i < n;) {
        size_t used = 0;
        for (; i < n && used < sizeof(piece); i++) {
            piece[used++] = digits[p[i] >> 4];
            piece[used++] = digits[p[i] & 15];
        }
        strbuf_add(out, piece, used);
    }
}

void emit_literal(struct strbuf *out, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NULL:
        strbuf_addz(out, "NULL");
        break;
    case VALUE_INT:
        strbuf_printf(out, v->i < 0 ? "(%lld)" : "%lld", (long long)v->i);
        break;
    case VALUE_REAL:
        literal_real(out, v->d);
        break;
    case VALUE_TEXT:
        literal_text(out, v->p, v->n);
        break;
    case VALUE_BLOB:
        strbuf_addz(out, "x'");
        emit_hex(out, (const unsigned char *)v->p, v->n);
        strbuf_addc(out, '\'');
        break;
    }
}

const struct type_def *emit_type(const struct emitter *em, uint32_t type)
{
    const struct type_def *t = type_builtin(type);
    if (!t && em->snapshot)
        t = snapshot_type(em->snapshot, type);
    return t;
}

const char *emit_collation(const struct emitter *em, uint32_t type)
{
    const struct type_def *t = emit_type(em, type);
    while (t && t->typtype == 'd')
        t = emit_type(em, t->basetype);
    return t ? t->sqlite_collation : NULL;
}

const char *emit_sort_key(const struct emitter *em, uint32_t type)
{
    const struct type_def *t = emit_type(em, type);
    while (t && t->typtype == 'd')
        t = emit_type(em, t->basetype);
    return t ? t->sort_key : NULL;
}

void emit_order_key(struct emitter *em, const struct expr *e)
{
    const char *key = emit_sort_key(em, e->type);
    if (!key) {
        emit_expr_collated(em, e);
        return;
    }
    emit_call_begin(em, key);
    emit_expr(em, e);
    emit_z(em, ")");
}

void emit_collate(struct emitter *em, uint32_t type)
{
    const char *c = emit_collation(em, type);
    if (c) {
        emit_z(em, " COLLATE ");
        emit_identifier(em->out, c);
    }
}

/*
 * SQLite compares by a collation that it finds anywhere inside an operand: CASE WHEN n = m COLLATE "numeric" THEN t END would be
 * compared as numeric. So whatever was printed since start gets the collation of its own type.
 */
void emit_collate_since(struct emitter *em, uint32_t type, size_t start)
{
    static const char word[] = " COLLATE ";
    if (emit_collation(em, type))
        emit_collate(em, type);
    else if (em->out->len > start && memmem(em->out->data + start, em->out->len - start, word, sizeof(word) - 1))
        emit_z(em, " COLLATE BINARY");
}

bool emit_unsupported(struct emitter *em, const char *what)
{
    return error_set(em->err, ERRCODE_FEATURE_NOT_SUPPORTED, "%s is not supported", what);
}

/* --- scopes ----------------------------------------------------------------------------- */

/* What the aliases of a scope stand for: EXPLAIN names them so. */
static void record_aliases(struct emitter *em, const struct scope *sc)
{
    struct program *g = em->program;
    int n = sc->q->nrtable;
    if (!g || !n)
        return;
    struct plan_alias *all = ARENA_ARRAY(em->arena, struct plan_alias, g->naliases + n);
    if (g->naliases)
        memcpy(all, g->aliases, sizeof(*all) * (size_t)g->naliases);
    for (int i = 0; i < n; i++) {
        const struct rte *t = sc->q->rtable[i];
        const char *alias = t->alias ? t->alias : "";
        const char *relation = t->relation ? t->relation->name
                               : t->kind == RTE_FUNCTION && t->function.n && t->function.calls[0]->kind == EXPR_FUNC
                                   ? t->function.calls[0]->func.proc->name
                                   : alias;
        all[g->naliases + i] =
            (struct plan_alias){arena_printf(em->arena, "r%d", sc->base + i), relation, alias, sc->q, i};
    }
    g->aliases = all;
    g->naliases += n;
}

void emit_scope_enter(struct emitter *em, struct scope *sc, const struct query *q)
{
    *sc = (struct scope){.parent = em->scope, .q = q, .base = em->next_alias};
    em->next_alias += q->nrtable + 1; /* one more, so that no two scopes share a base */
    em->scope = sc;
    record_aliases(em, sc);
}

void emit_scope_leave(struct emitter *em)
{
    em->scope = em->scope->parent;
}

struct scope *emit_scope_up(const struct emitter *em, int levelsup)
{
    struct scope *sc = em->scope;
    while (sc && levelsup-- > 0)
        sc = sc->parent;
    return sc;
}

void emit_alias(struct emitter *em, const struct scope *sc, int rte)
{
    emit_printf(em, "\"r%d\"", sc->base + rte);
}

struct cte *emit_find_cte(const struct scope *sc, const struct rte *t)
{
    int up = t->cte.levelsup;
    while (sc && up-- > 0)
        sc = sc->parent;
    for (int i = 0; sc && i < sc->q->nctes; i++)
        if (strcmp(sc->q->ctes[i]->name, t->cte.name) == 0)
            return sc->q->ctes[i];
    return NULL;
}

/* --- columns ---------------------------------------------------------------------------- */

const char *emit_attribute_name(const struct relation *r, int attnum)
{
    const struct attribute *a = &r->atts[attnum - 1];
    return a->sqlite_name ? a->sqlite_name : a->name;
}

/* SQLite answers to rowid, oid and _rowid_, each unless a column bears that name. */
const char *emit_rowid_name(const struct relation *r)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    if (r->rowid_attnum)
        return emit_attribute_name(r, r->rowid_attnum);
    for (int i = 0; i < 3; i++) {
        bool taken = false;
        for (int k = 0; k < r->natts && !taken; k++)
            taken = !r->atts[k].dropped && strcasecmp(emit_attribute_name(r, k + 1), names[i]) == 0;
        if (!taken)
            return names[i];
    }
    return NULL;
}

static void emit_qualifier(struct emitter *em, const struct scope *sc, int rte)
{
    if (sc->target_name && rte == sc->q->result)
        emit_identifier(em->out, sc->target_name);
    else if (sc->q->conflict && rte == sc->q->conflict->excluded_rte)
        emit_z(em, "\"excluded\"");
    else
        emit_alias(em, sc, rte);
    emit_z(em, ".");
}

void emit_rowid(struct emitter *em, const struct scope *sc, int rte)
{
    const struct relation *r = sc->q->rtable[rte]->relation;
    const char *name = r && !r->without_rowid ? emit_rowid_name(r) : NULL;
    if (!name) {
        emit_unsupported(em, "the physical position of rows of a table without rowid");
        return;
    }
    emit_qualifier(em, sc, rte);
    emit_identifier(em->out, name);
}

/* PostgreSQL's system columns. There are no tuple versions: xmin is the frozen transaction, xmax none but behind an upsert. */
static void emit_system_column(struct emitter *em, const struct scope *sc, int rte, int attnum)
{
    const struct rte *t = sc->q->rtable[rte];
    switch (attnum) {
    case PLAN_ATTNUM_ROWID:
        emit_rowid(em, sc, rte);
        return;
    case PLAN_ATTNUM_CTID:
        emit_z(em, "\"ctid_from_rowid\"(");
        emit_rowid(em, sc, rte);
        emit_z(em, ")");
        return;
    case PLAN_ATTNUM_TABLEOID:
        if ((t->relation->is_virtual && !t->relation->system) || t->relation->without_rowid) {
            emit_printf(em, "%u", t->relation->oid);
            return;
        }
        emit_z(em, "CASE WHEN ");
        emit_rowid(em, sc, rte);
        emit_printf(em, " IS NOT NULL THEN %u END", t->relation->oid);
        return;
    case PLAN_ATTNUM_XMIN:
        emit_printf(em, "%d", FROZEN_TRANSACTION_ID);
        return;
    case PLAN_ATTNUM_XMAX:
        emit_z(em, rte == sc->q->result && emit_is_upsert(sc->q) ? "\"upsert_xmax\"()" : "0");
        return;
    default:
        emit_z(em, "0");
    }
}

static void emit_function_column(struct emitter *em, const struct scope *sc, int rte, int attnum)
{
    const struct rte *t = sc->q->rtable[rte];
    emit_alias(em, sc, rte);
    if (t->function.ordinality && attnum == t->ncolumns)
        emit_z(em, ".\"ordinality\"");
    else
        emit_printf(em, ".\"c%d\"", attnum);
}

void emit_foreign_end(struct strbuf *out, const struct relation *r, const struct attribute *a)
{
    strbuf_printf(out, ", %u, %d, ", a->type, a->typmod);
    literal_text(out, r->name, strlen(r->name));
    strbuf_addz(out, ", ");
    literal_text(out, a->name, strlen(a->name));
    strbuf_addc(out, ')');
}

/* A column of a table: what another program wrote there is read as the column's type. */
static void emit_relation_column(struct emitter *em, const struct scope *sc, int rte, int attnum, int raw)
{
    const struct relation *r = sc->q->rtable[rte]->relation;
    const struct attribute *a = &r->atts[attnum - 1];
    bool read = a->foreign && raw != RAW_ALWAYS && !(raw && a->foreign == FOREIGN_PLAIN);
    if (read)
        emit_z(em, EMIT_FOREIGN_BEGIN);
    emit_qualifier(em, sc, rte);
    emit_identifier(em->out, emit_attribute_name(r, attnum));
    if (read)
        emit_foreign_end(em->out, r, a);
}

static bool stores_times(const struct attribute *a)
{
    return a->foreign && (a->type == TIMESTAMPOID || a->type == TIMESTAMPTZOID || a->type == TIMEOID);
}

void emit_store_begin(struct emitter *em, const struct attribute *a)
{
    if (stores_times(a))
        emit_call_begin(em, "foreign_store");
}

void emit_store_end(struct emitter *em, const struct attribute *a)
{
    if (stores_times(a))
        emit_printf(em, ", %u)", a->type);
}

void emit_column(struct emitter *em, const struct scope *sc, int rte, int attnum)
{
    int raw = em->raw;
    em->raw = RAW_NO;
    const struct rte *t = sc->q->rtable[rte];
    if (attnum < 0) {
        if (t->kind == RTE_RELATION)
            emit_system_column(em, sc, rte, attnum);
        else
            emit_unsupported(em, "a system column of a subquery");
        return;
    }
    switch (t->kind) {
    case RTE_RELATION:
        if (attnum > 0 && attnum <= t->relation->natts)
            emit_relation_column(em, sc, rte, attnum, raw);
        break;
    case RTE_FUNCTION:
        emit_function_column(em, sc, rte, attnum);
        break;
    case RTE_VALUES:
        emit_alias(em, sc, rte);
        emit_printf(em, ".\"column%d\"", attnum);
        break;
    case RTE_ROWSET:
        emit_alias(em, sc, rte);
        emit_printf(em, ".\"c%d\"", attnum - 1);
        break;
    case RTE_CTE: {
        emit_alias(em, sc, rte);
        const struct cte *c = emit_find_cte(sc, t);
        emit_printf(em, ".\"c%d\"", c && c->rowset ? attnum - 1 : attnum);
        break;
    }
    default:
        emit_alias(em, sc, rte);
        emit_printf(em, ".\"c%d\"", attnum);
    }
}
