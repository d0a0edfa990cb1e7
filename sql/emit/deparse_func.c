/*
 * deparse_func.c: function calls, casts, aggregates, window functions and ORDER BY lists as PostgreSQL text.
 */
#include <string.h>

#include "sql/emit/deparser.h"

/* --- casts ------------------------------------------------------------------------------------ */

void deparse_coercion(struct deparser *p, const struct expr *arg, uint32_t type, int32_t typmod,
                      const struct expr *parent)
{
    if (arg->kind == EXPR_CONST && arg->type == type && arg->typmod == -1) {
        /* A length coercion above a literal: the literal's own label would say the type twice. */
        deparse_const(p, arg, -1);
    } else {
        deparse_z(p, PRETTY(p) ? "" : "(");
        deparse_paren(p, arg, false, parent);
        deparse_z(p, PRETTY(p) ? "" : ")");
    }
    deparse_z(p, "::");
    deparse_type_name(p, type, typmod);
}

/* --- functions that SQL spells with keywords --------------------------------------------------- */

/* $1.. stand for arguments, @1 for a text constant printed bare, ^1 for one in parentheses where needed. */
static const struct sql_syntax {
    const char *name;
    int nargs;
    const char *form;
} sql_syntaxes[] = {
    {"timezone", 2, "(^2 AT TIME ZONE ^1)"},
    {"overlaps", 4, "(($1, $2) OVERLAPS ($3, $4))"},
    {"extract", 2, "EXTRACT(@1 FROM $2)"},
    {"is_normalized", 1, "($1 IS NORMALIZED)"},
    {"is_normalized", 2, "($1 IS @2 NORMALIZED)"},
    {"pg_collation_for", 1, "COLLATION FOR ($1)"},
    {"normalize", 1, "NORMALIZE($1)"},
    {"normalize", 2, "NORMALIZE($1, @2)"},
    {"overlay", 3, "OVERLAY($1 PLACING $2 FROM $3)"},
    {"overlay", 4, "OVERLAY($1 PLACING $2 FROM $3 FOR $4)"},
    {"position", 2, "POSITION(($2) IN ($1))"},
    {"substring", 2, "SUBSTRING($1 FROM $2)"},
    {"substring", 3, "SUBSTRING($1 FROM $2 FOR $3)"},
    {"btrim", 1, "TRIM(BOTH FROM $1)"},
    {"btrim", 2, "TRIM(BOTH $2 FROM $1)"},
    {"ltrim", 1, "TRIM(LEADING FROM $1)"},
    {"ltrim", 2, "TRIM(LEADING $2 FROM $1)"},
    {"rtrim", 1, "TRIM(TRAILING FROM $1)"},
    {"rtrim", 2, "TRIM(TRAILING $2 FROM $1)"},
    {"xmlexists", 2, "XMLEXISTS(($1) PASSING ($2))"},
};

static void syntax_argument(struct deparser *p, const struct expr *e, char mark, int i)
{
    const struct expr *arg = e->func.args.items[i];
    if (mark == '@' && arg->kind == EXPR_CONST && arg->constant.value.kind == VALUE_TEXT)
        strbuf_add(p->out, arg->constant.value.p, arg->constant.value.n);
    else if (mark == '^')
        deparse_paren(p, arg, false, e);
    else
        deparse_node(p, arg, false);
}

static bool deparse_sql_syntax(struct deparser *p, const struct expr *e)
{
    if (e->func.form != COERCE_SQL_SYNTAX)
        return false;
    for (size_t k = 0; k < sizeof(sql_syntaxes) / sizeof(sql_syntaxes[0]); k++) {
        const struct sql_syntax *s = &sql_syntaxes[k];
        if (s->nargs != e->func.args.n || strcmp(s->name, e->func.proc->name) != 0)
            continue;
        for (const char *c = s->form; *c; c++) {
            bool mark = (*c == '$' || *c == '@' || *c == '^') && c[1] >= '1' && c[1] <= '4';
            if (!mark) {
                strbuf_addc(p->out, *c);
                continue;
            }
            syntax_argument(p, e, c[0], c[1] - '1');
            c++;
        }
        return true;
    }
    return false;
}

/* The typmod that a length coercion function gives its value, -1 if it is none. */
static int32_t length_coercion(const struct expr *e)
{
    if (e->func.args.n != 2 && e->func.args.n != 3)
        return -1;
    const struct expr *t = e->func.args.items[1];
    if (t->kind != EXPR_CONST || t->type != INT4OID || t->constant.value.kind != VALUE_INT)
        return -1;
    return (int32_t)t->constant.value.i;
}

/* The name of the n-th input argument. */
static const char *input_name(const struct proc *f, int n)
{
    int all = f->nallargs ? f->nallargs : f->nargs;
    for (int i = 0; i < all; i++)
        if ((!f->nallargs || strchr("ibv", f->argmodes[i])) && n-- == 0)
            return f->argnames && f->argnames[i] ? f->argnames[i] : "";
    return "";
}

void deparse_func(struct deparser *p, const struct expr *e, bool implicit)
{
    enum coercion_form form = e->func.form;
    if (form == COERCE_IMPLICIT && !implicit && e->func.args.n) {
        deparse_paren(p, e->func.args.items[0], false, e);
        return;
    }
    if ((form == COERCE_EXPLICIT || form == COERCE_IMPLICIT) && e->func.args.n) {
        deparse_coercion(p, e->func.args.items[0], e->type, length_coercion(e), e);
        return;
    }
    if (deparse_sql_syntax(p, e) || deparse_xml(p, e))
        return;
    deparse_proc_name(p, e->func.proc);
    deparse_z(p, "(");
    for (int i = 0; i < e->func.args.n - e->func.ndefaulted; i++) {
        int place = e->func.written ? e->func.written[i] : i;
        deparse_z(p, i ? ", " : "");
        if (e->func.written && i >= e->func.npositional) {
            deparse_name(p, input_name(e->func.proc, place));
            deparse_z(p, " => ");
        }
        if (e->func.variadic && place == e->func.args.n - 1)
            deparse_z(p, "VARIADIC ");
        deparse_node(p, e->func.args.items[place], true);
    }
    deparse_z(p, ")");
}

/* --- ORDER BY ------------------------------------------------------------------------------------- */

void deparse_sort_expr(struct deparser *p, const struct expr *e, int number, bool force_number)
{
    if (force_number && number) {
        strbuf_printf(p->out, "%d", number);
        return;
    }
    if (e->kind == EXPR_CONST) {
        deparse_const(p, e, 1);
        return;
    }
    /* Function-like expressions could be misread without parentheses; others bring theirs unless pretty. */
    bool paren = e->kind != EXPR_VAR && (PRETTY(p) || e->kind == EXPR_FUNC || e->kind == EXPR_AGG ||
                                         e->kind == EXPR_WINDOW);
    deparse_z(p, paren ? "(" : "");
    deparse_node(p, e, true);
    deparse_z(p, paren ? ")" : "");
}

void deparse_sort(struct deparser *p, const struct sort_list *l, bool force_number)
{
    for (int i = 0; i < l->n; i++) {
        const struct sort_item *s = &l->items[i];
        deparse_z(p, i ? ", " : "");
        deparse_sort_expr(p, s->expr, s->target, force_number);
        if (s->lt && s->lt->name[0] == '~') {
            deparse_z(p, arena_printf(p->d->arena, " USING %s NULLS %s", s->lt->name, s->nulls_first ? "FIRST" : "LAST"));
            continue;
        }
        if (s->desc)
            deparse_z(p, s->nulls_first ? " DESC" : " DESC NULLS LAST");
        else if (s->nulls_first)
            deparse_z(p, " NULLS FIRST");
    }
}

/* --- aggregates and windows -------------------------------------------------------------------- */

static void deparse_agg_args(struct deparser *p, const struct expr *e)
{
    if (e->agg.within_group) {
        deparse_list(p, &e->agg.direct, true);
        deparse_z(p, ") WITHIN GROUP (ORDER BY ");
        deparse_sort(p, &e->agg.order, false);
        return;
    }
    if (e->agg.star)
        deparse_z(p, "*");
    for (int i = 0; i < e->agg.args.n && !e->agg.star; i++) {
        deparse_z(p, i ? ", " : "");
        if (e->agg.variadic && i == e->agg.args.n - 1)
            deparse_z(p, "VARIADIC ");
        deparse_node(p, e->agg.args.items[i], true);
    }
    if (e->agg.order.n) {
        deparse_z(p, " ORDER BY ");
        deparse_sort(p, &e->agg.order, false);
    }
}

void deparse_agg(struct deparser *p, const struct expr *e)
{
    deparse_proc_name(p, e->agg.proc);
    deparse_z(p, e->agg.distinct ? "(DISTINCT " : "(");
    deparse_agg_args(p, e);
    if (e->agg.filter) {
        deparse_z(p, ") FILTER (WHERE ");
        deparse_node(p, e->agg.filter, false);
    }
    deparse_z(p, ")");
}

static void deparse_bound(struct deparser *p, enum frame_bound b, const struct expr *offset)
{
    switch (b) {
    case BOUND_UNBOUNDED_PRECEDING:
        deparse_z(p, "UNBOUNDED PRECEDING");
        break;
    case BOUND_UNBOUNDED_FOLLOWING:
        deparse_z(p, "UNBOUNDED FOLLOWING");
        break;
    case BOUND_CURRENT_ROW:
        deparse_z(p, "CURRENT ROW");
        break;
    default:
        deparse_node(p, offset, false);
        deparse_z(p, b == BOUND_PRECEDING ? " PRECEDING" : " FOLLOWING");
    }
}

static void deparse_frame(struct deparser *p, const struct window_def *w)
{
    static const char *const modes[] = {[FRAME_RANGE] = "RANGE ", [FRAME_ROWS] = "ROWS ", [FRAME_GROUPS] = "GROUPS "};
    static const char *const excludes[] = {
        [EXCLUDE_NONE] = "",
        [EXCLUDE_CURRENT_ROW] = " EXCLUDE CURRENT ROW",
        [EXCLUDE_GROUP] = " EXCLUDE GROUP",
        [EXCLUDE_TIES] = " EXCLUDE TIES",
    };
    deparse_z(p, modes[w->mode]);
    if (w->between)
        deparse_z(p, "BETWEEN ");
    deparse_bound(p, w->start, w->start_offset);
    if (w->between) {
        deparse_z(p, " AND ");
        deparse_bound(p, w->end, w->end_offset);
    }
    deparse_z(p, excludes[w->exclude]);
}

void deparse_window_spec(struct deparser *p, const struct window_def *w)
{
    const char *space = "";
    deparse_z(p, "(");
    if (w->refname) {
        deparse_name(p, w->refname);
        space = " ";
    }
    if (w->partition.n && !w->refname) {
        deparse_z(p, space);
        deparse_z(p, "PARTITION BY ");
        for (int i = 0; i < w->partition.n; i++) {
            deparse_z(p, i ? ", " : "");
            deparse_sort_expr(p, w->partition.items[i], 0, false);
        }
        space = " ";
    }
    if (w->order.n && !w->copied_order) {
        deparse_z(p, space);
        deparse_z(p, "ORDER BY ");
        deparse_sort(p, &w->order, false);
        space = " ";
    }
    if (w->framed) {
        deparse_z(p, space);
        deparse_frame(p, w);
    }
    deparse_z(p, ")");
}

void deparse_window(struct deparser *p, const struct expr *e)
{
    deparse_proc_name(p, e->agg.proc);
    deparse_z(p, "(");
    if (e->agg.star)
        deparse_z(p, "*");
    else
        deparse_list(p, &e->agg.args, true);
    if (e->agg.filter) {
        deparse_z(p, ") FILTER (WHERE ");
        deparse_node(p, e->agg.filter, false);
    }
    deparse_z(p, ") OVER ");
    if (e->agg.over->name)
        deparse_name(p, e->agg.over->name);
    else
        deparse_window_spec(p, e->agg.over);
}
