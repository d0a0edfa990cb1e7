/*
 * parse_missing.c: the errors for names that nothing answers to, with PostgreSQL's suggestions: the
 * column whose name is nearest by edit distance, an alias that hides the name, an entry that is out
 * of reach.
 */
#include "sql/analyze/clause.h"

#include <string.h>

/* A suggestion further away than this many edits is none. */
#define FUZZY_DISTANCE_MAX 3

/* Up to two columns that are equally near to the name. */
struct nearest {
    int distance;
    const struct rte *rte[2];
    int column[2]; /* index; -1: none */
    bool exact;    /* rte[0] has a column of exactly that name, out of reach */
};

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein distance in bytes of two identifiers; more than `limit` may be given as limit + 1. */
static int edit_distance(const char *a, const char *b, int limit)
{
    int row[256];
    int na = (int)strlen(a), nb = (int)strlen(b);
    if (na - nb > limit || nb - na > limit || nb > 255 || na > 255)
        return limit + 1;
    for (int k = 0; k <= nb; k++)
        row[k] = k;
    for (int i = 1; i <= na; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int k = 1; k <= nb; k++) {
            int above = row[k];
            row[k] = min3(above + 1, row[k - 1] + 1, diagonal + (a[i - 1] != b[k - 1]));
            diagonal = above;
        }
    }
    return row[nb] > limit ? limit + 1 : row[nb];
}

static void nearest_consider(struct nearest *best, const struct rte *rte, int column,
                             const char *wanted, int penalty)
{
    if (penalty > best->distance)
        return;
    int d = edit_distance(rte->columns[column].name, wanted, best->distance + 1 - penalty);
    /* More than half of the name being different is no resemblance. */
    if (d > (int)strlen(wanted) / 2)
        return;
    d += penalty;
    if (d < best->distance) {
        *best = (struct nearest){.distance = d, .rte = {rte}, .column = {column, -1}};
    } else if (d == best->distance) {
        if (best->column[1] >= 0) {
            /* Three at one distance: only something nearer is worth a hint now. */
            *best = (struct nearest){.distance = d - 1, .column = {-1, -1}};
        } else if (best->column[0] >= 0) {
            best->rte[1] = rte;
            best->column[1] = column;
        } else if (best->distance <= FUZZY_DISTANCE_MAX) {
            best->rte[0] = rte;
            best->column[0] = column;
        }
    }
}

/* True when the search is over: an exact match in an entry of the right name. */
static bool nearest_scan_rte(struct nearest *best, const struct rte *rte, const char *relname,
                             const char *name)
{
    int penalty = relname ? edit_distance(relname, rte->alias, FUZZY_DISTANCE_MAX + 1) : 0;
    for (int i = 0; i < rte->ncolumns; i++) {
        if (!rte->columns[i].name)
            continue;
        if (!penalty && !strcmp(rte->columns[i].name, name)) {
            *best = (struct nearest){.rte = {rte}, .column = {-1, -1}, .exact = true};
            return true;
        }
        nearest_consider(best, rte, i, name, penalty);
    }
    return false;
}

static struct nearest nearest_column(struct pstate *ps, const char *relname, const char *name)
{
    struct nearest best = {.distance = FUZZY_DISTANCE_MAX + 1, .column = {-1, -1}};
    for (; ps; ps = ps->parent)
        for (int i = 0; ps->query && i < ps->query->nrtable; i++)
            if (nearest_scan_rte(&best, ps->query->rtable[i], relname, name))
                return best;
    return best;
}

struct expr *error_missing_column(struct pstate *ps, const char *relname, const char *name,
                                  int location)
{
    struct nearest best = nearest_column(ps, relname, name);
    if (relname)
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location, "column %s.%s does not exist", relname,
                    name);
    else
        parse_error(ps, ERRCODE_UNDEFINED_COLUMN, location, "column \"%s\" does not exist", name);
    if (best.exact)
        parse_error_hint(
            ps,
            "There is a column named \"%s\" in table \"%s\", but it cannot be referenced from "
            "this part of the query.",
            name, best.rte[0]->alias);
    else if (best.column[0] >= 0 && best.column[1] >= 0)
        parse_error_hint(
            ps, "Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".",
            best.rte[0]->alias, best.rte[0]->columns[best.column[0]].name, best.rte[1]->alias,
            best.rte[1]->columns[best.column[1]].name);
    else if (best.column[0] >= 0)
        parse_error_hint(ps, "Perhaps you meant to reference the column \"%s.%s\".",
                         best.rte[0]->alias, best.rte[0]->columns[best.column[0]].name);
    return expr_poison();
}

/* An entry the writer may have meant: the same table, WITH entry or alias, whether or not it can be
 * reached. */
static const struct rte *find_rte_anywhere(struct pstate *ps, const char *schema, const char *name)
{
    const struct relation *r = lookup_relation(ps, NULL, schema, name, true, -1);
    int levelsup;
    const struct cte *cte = schema ? NULL : lookup_cte(ps, name, &levelsup);
    for (struct pstate *p = ps; p; p = p->parent)
        for (int i = 0; p->query && i < p->query->nrtable; i++) {
            const struct rte *rte = p->query->rtable[i];
            if (cte ? rte->kind == RTE_CTE && rte->cte.cte == cte : r && rte->relation == r)
                return rte;
            if (!strcmp(rte->alias, name))
                return rte;
        }
    return NULL;
}

struct expr *error_missing_rte(struct pstate *ps, const char *schema, const char *name,
                               int location)
{
    const struct rte *rte = find_rte_anywhere(ps, schema, name);
    const char *alias = NULL;
    int levelsup;
    if (parse_failed(ps))
        return expr_poison();
    if (rte && rte->has_alias && strcmp(rte->alias, name) != 0) {
        const struct nsitem *item = ref_nsitem(ps, NULL, rte->alias, location, &levelsup);
        if (item && item->rte == rte)
            alias = rte->alias;
    }
    parse_error(ps, ERRCODE_UNDEFINED_TABLE, location,
                rte ? "invalid reference to FROM-clause entry for table \"%s\""
                    : "missing FROM-clause entry for table \"%s\"",
                name);
    if (alias)
        parse_error_hint(ps, "Perhaps you meant to reference the table alias \"%s\".", alias);
    else if (rte)
        parse_error_hint(ps,
                         "There is an entry for table \"%s\", but it cannot be referenced from "
                         "this part of the query.",
                         rte->alias);
    return expr_poison();
}
