/*
 * text_search.c: the functions of text search that run a query given as text: ts_stat, which counts the words of a column of
 * tsvectors, and ts_rewrite(query, text), which takes its rules from rows. Found by name through families.def.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/exec/routine.h"
#include "sql/exec/spi.h"
#include "sql/txn/rowset.h"
#include "sql/types/tsquery.h"
#include "sql/types/tsvector.h"

/* --- the query --------------------------------------------------------------------------------------------- */

/* Its rows; NULL with the error set, wrong unless its columns are ncolumns of the type. */
static struct rowset *query_rows(struct fcall *f, struct slice text, uint32_t type, int ncolumns, const char *wrong)
{
    struct error err; /* f->err may be the connection's own, which nested statements use */
    error_init(&err, f->arena);
    struct parsed *parsed = f->ctx->spi ? parse_sql(text.p, text.n, &err) : NULL;
    struct rowset *rows = NULL;
    struct plan *p = NULL;
    if (parsed && parsed_count(parsed) != 1) {
        error_set(&err, ERRCODE_INVALID_CURSOR_DEFINITION, "cannot open multi-query plan as cursor");
    } else if (parsed) {
        struct spi_source src = {.text = text.p, .length = (int)text.n, .raw = parsed_stmt(parsed, 0)};
        p = spi_plan(f->ctx, &src, &err);
    }
    if (p && (!p->program->has_rows || p->program->writes))
        error_set(&err, ERRCODE_INVALID_CURSOR_DEFINITION, "cannot open %s query as cursor", p->tag);
    bool ok = p && !error_is_set(&err) && p->program->nfields == ncolumns;
    for (int i = 0; ok && i < ncolumns; i++)
        ok = p->program->fields[i].expr->type == type;
    if (p && !ok && !error_is_set(&err))
        error_set(&err, ERRCODE_INVALID_PARAMETER_VALUE, "%s", wrong);
    if (ok)
        rows = spi_rows(f->ctx, p, NULL, 0, NULL, &err);
    plan_unref(p);
    parsed_free(parsed);
    if (!rows) {
        routine_internal_position(&err, arena_strndup(f->arena, text.p, text.n));
        error_copy(f->err, &err);
    }
    return rows;
}

/* --- ts_stat ------------------------------------------------------------------------------------------------ */

struct word_count {
    struct slice word;
    int64_t ndoc, nentry;
};

struct stat_state {
    struct arena *arena;
    struct word_count *words; /* in byte order */
    int n, cap, next;
};

/* Positions of a lexeme that count. weights: a bit for each wanted weight; 0: all, and a lexeme without positions is one. */
static int64_t entries(const struct ts_lexeme *l, unsigned weights)
{
    int64_t n = 0;
    if (!weights)
        return l->npos ? l->npos : 1;
    for (int i = 0; i < l->npos; i++)
        n += (weights >> TS_WEIGHT(l->pos[i])) & 1;
    return n;
}

static int compare_words(const void *a, const void *b)
{
    return slice_compare(((const struct word_count *)a)->word, ((const struct word_count *)b)->word);
}

static void stat_add(struct stat_state *st, struct slice word, int64_t n)
{
    if (st->n == st->cap) {
        st->cap = st->cap ? st->cap * 2 : 256;
        struct word_count *grown = ARENA_ARRAY(st->arena, struct word_count, st->cap);
        if (st->n)
            memcpy(grown, st->words, sizeof(*grown) * (size_t)st->n);
        st->words = grown;
    }
    st->words[st->n++] = (struct word_count){{arena_strndup(st->arena, word.p, word.n), word.n}, 1, n};
}

/* Equal words become one. */
static void stat_merge(struct stat_state *st)
{
    int kept = 0;
    if (st->n)
        qsort(st->words, (size_t)st->n, sizeof(*st->words), compare_words);
    for (int i = 0; i < st->n; i++) {
        struct word_count *last = kept ? &st->words[kept - 1] : NULL;
        if (last && slice_equal(last->word, st->words[i].word)) {
            last->ndoc += st->words[i].ndoc;
            last->nentry += st->words[i].nentry;
        } else {
            st->words[kept++] = st->words[i];
        }
    }
    st->n = kept;
}

static unsigned weights_of(struct slice s)
{
    unsigned weights = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = strchr("DCBAdcba", s.p[i]);
        if (s.p[i] && at)
            weights |= 1u << ((at - "DCBAdcba") % 4);
    }
    return weights;
}

static void stat_open(struct fcall *f, void *state)
{
    struct stat_state *st = state;
    unsigned weights = f->nargs > 1 ? weights_of(arg_slice(f, 1)) : 0;
    int merged = 0;
    struct rowset *rows = query_rows(f, arg_slice(f, 0), TSVECTOROID, 1, "ts_stat query must return one tsvector column");
    if (!rows)
        return;
    st->arena = arena_create();
    for (int64_t i = 0; i < rows->nrows && !error_is_set(f->err); i++) {
        const struct value *v = rowset_row(rows, i);
        struct tsvector vector;
        if (f->ctx->interrupted && i % 64 == 63 && f->ctx->interrupted(f->ctx, f->err))
            break;
        if (value_is_null(v) || !tsvector_read(f, (struct slice){v->p, v->n}, &vector))
            continue;
        for (int k = 0; k < vector.n; k++) {
            int64_t n = entries(&vector.lexemes[k], weights);
            if (n)
                stat_add(st, vector.lexemes[k].word, n);
        }
        if (st->n > 2 * merged + 4096) { /* now and then, so that memory follows the number of words */
            stat_merge(st);
            merged = st->n;
        }
    }
    stat_merge(st);
    rowset_destroy(rows);
}

static bool stat_next(struct fcall *f, void *state, struct value *columns)
{
    struct stat_state *st = state;
    (void)f;
    if (st->next >= st->n)
        return false;
    const struct word_count *w = &st->words[st->next++];
    columns[0] = value_text(w->word.p, w->word.n);
    columns[1] = value_int(w->ndoc);
    columns[2] = value_int(w->nentry);
    return true;
}

static void stat_close(void *state)
{
    struct stat_state *st = state;
    if (st->arena)
        arena_destroy(st->arena);
}

static const struct srf_impl ts_stat = {
    .state_size = sizeof(struct stat_state), .open = stat_open, .next = stat_next, .close = stat_close};

/* --- ts_rewrite(query, text) --------------------------------------------------------------------------------------- */

static void tsquery_rewrite_query(struct fcall *f)
{
    struct tsq_node *query;
    if (!tsquery_read(f, arg_slice(f, 0), &query))
        return;
    if (!query) {
        f->result = f->args[0];
        return;
    }
    struct rowset *rows = query_rows(f, arg_slice(f, 1), TSQUERYOID, 2, "ts_rewrite query must return two tsquery columns");
    for (int64_t i = 0; rows && query && i < rows->nrows; i++) {
        const struct value *row = rowset_row(rows, i);
        struct tsq_node *target, *by;
        if (f->ctx->interrupted && i % 64 == 63 && f->ctx->interrupted(f->ctx, f->err))
            break;
        if (value_is_null(&row[0]) || value_is_null(&row[1]))
            continue;
        if (!tsquery_read(f, (struct slice){row[0].p, row[0].n}, &target) || !tsquery_read(f, (struct slice){row[1].p, row[1].n}, &by))
            break;
        if (target)
            query = tsquery_replace(f->arena, query, target, by);
        if (query)
            query = tsquery_sorted(f->arena, query);
    }
    if (rows && !error_is_set(f->err))
        tsquery_return(f, query);
    rowset_destroy(rows);
}

const struct fn_impl text_search_functions[] = {
    {"ts_stat1", .srf = &ts_stat, .flags = FN_SESSION},
    {"ts_stat2", .srf = &ts_stat, .flags = FN_SESSION},
    {"tsquery_rewrite_query", .call = tsquery_rewrite_query, .flags = FN_SESSION},
    {NULL},
};
