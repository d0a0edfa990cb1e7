/*
 * foreign_sql.c: CREATE TABLE, INDEX and VIEW of SQLite, as far as its PRAGMAs keep silent about them; see foreign_sql.h.
 *
 * SQLite has accepted these texts; so this is no parser that checks them but a walk from clause to clause.
 */
#include "sql/catalog/foreign_sql.h"

#include <string.h>

#include "sql/catalog/foreign_scan.h"

/* The names in parentheses, each followed by anything up to the next comma. */
static void read_names(struct foreign_scan *s, struct arena *a, struct list *names)
{
    int depth = 0;
    bool first = true;
    for (; s->kind != FT_END; foreign_scan_next(s)) {
        if (foreign_scan_is_op(s, "(")) {
            depth++;
            continue;
        }
        if (foreign_scan_is_op(s, ")") && --depth == 0)
            break;
        if (depth == 1 && foreign_scan_is_op(s, ",")) {
            first = true;
            continue;
        }
        const char *name = first ? foreign_scan_name(s, a) : NULL;
        if (name)
            list_add(names, a, name);
        first = false;
    }
    foreign_scan_next(s);
}

/* Over a group or a single token. */
static void skip_one(struct foreign_scan *s, struct arena *a)
{
    if (foreign_scan_is_op(s, "("))
        foreign_scan_group(s, a);
    else
        foreign_scan_next(s);
}

static bool accept(struct foreign_scan *s, const char *word)
{
    if (!foreign_scan_is(s, word))
        return false;
    foreign_scan_next(s);
    return true;
}

/* [NOT] DEFERRABLE [INITIALLY ...] for the constraint read last; true when there was something. */
static bool read_deferrable(struct foreign_scan *s, struct foreign_constraint *c)
{
    bool not = foreign_scan_is(s, "NOT");
    struct foreign_scan look = *s;
    if (not)
        foreign_scan_next(&look);
    if (!foreign_scan_is(&look, "DEFERRABLE"))
        return false;
    foreign_scan_next(&look);
    bool deferred = false;
    if (accept(&look, "INITIALLY"))
        deferred = foreign_scan_is(&look, "DEFERRED"), foreign_scan_next(&look);
    *s = look;
    if (c && !not) {
        /* SQLite: DEFERRABLE alone is immediate, and there is no SET CONSTRAINTS. */
        c->deferrable = true;
        c->deferred = deferred;
    }
    return true;
}

static struct foreign_constraint *add(struct foreign_table *t, struct arena *a, char type, const char *name, const char *column)
{
    struct foreign_constraint *c = ARENA_NEW(a, struct foreign_constraint);
    c->type = type;
    c->name = name;
    if (column)
        list_add(&c->columns, a, column);
    list_add(&t->constraints, a, c);
    return c;
}

/* A constraint after its name, if any; column: whose definition it stands in, NULL for those of the table. False: none here. */
static bool read_constraint(struct foreign_scan *s, struct arena *a, struct foreign_table *t, const char *column, const char *name)
{
    struct foreign_constraint *c;
    if (accept(s, "PRIMARY") && accept(s, "KEY")) {
        c = add(t, a, 'p', name, column);
        if (!column)
            read_names(s, a, &c->columns);
    } else if (accept(s, "UNIQUE")) {
        c = add(t, a, 'u', name, column);
        if (!column)
            read_names(s, a, &c->columns);
    } else if (accept(s, "CHECK")) {
        add(t, a, 'c', name, NULL)->expr = foreign_scan_is_op(s, "(") ? foreign_scan_group(s, a) : "";
    } else if (!column && accept(s, "FOREIGN")) {
        accept(s, "KEY");
        c = add(t, a, 'f', name, NULL);
        read_names(s, a, &c->columns);
        accept(s, "REFERENCES");
        foreign_scan_next(s);
    } else if (column && accept(s, "REFERENCES")) {
        add(t, a, 'f', name, column);
        foreign_scan_next(s);
    } else {
        return false;
    }
    return true;
}

/* One column or table constraint, up to its comma. */
static void read_item(struct foreign_scan *s, struct arena *a, struct foreign_table *t)
{
    static const char *const table_words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"};
    bool own = false;
    for (size_t i = 0; i < sizeof(table_words) / sizeof(table_words[0]); i++)
        own = own || foreign_scan_is(s, table_words[i]);
    const char *column = own ? NULL : foreign_scan_name(s, a), *name = NULL;
    if (!own)
        foreign_scan_next(s);
    while (s->kind != FT_END && !foreign_scan_is_op(s, ",") && !foreign_scan_is_op(s, ")")) {
        struct foreign_constraint *last = t->constraints.n ? (struct foreign_constraint *)t->constraints.items[t->constraints.n - 1] : NULL;
        if (accept(s, "CONSTRAINT")) {
            name = foreign_scan_name(s, a);
            foreign_scan_next(s);
        } else if (read_deferrable(s, last)) {
            continue;
        } else if (read_constraint(s, a, t, column, name)) {
            name = NULL;
        } else if (accept(s, "DEFAULT")) {
            skip_one(s, a); /* PRAGMA table_info tells it */
        } else if (accept(s, "AS")) {
            struct foreign_generated *g = ARENA_NEW(a, struct foreign_generated);
            g->column = column;
            g->expr = foreign_scan_is_op(s, "(") ? foreign_scan_group(s, a) : "";
            if (column)
                list_add(&t->generated, a, g);
        } else if (foreign_scan_is(s, "DELETE") || foreign_scan_is(s, "UPDATE")) {
            foreign_scan_next(s); /* ON DELETE SET DEFAULT is no DEFAULT */
            foreign_scan_next(s);
            if (foreign_scan_is(s, "DEFAULT") || foreign_scan_is(s, "NULL"))
                foreign_scan_next(s);
        } else {
            skip_one(s, a);
        }
    }
}

void foreign_sql_table(struct arena *a, const char *sql, struct foreign_table *out)
{
    struct foreign_scan s;
    *out = (struct foreign_table){0};
    foreign_scan_begin(&s, sql ? sql : "");
    while (s.kind != FT_END && !foreign_scan_is_op(&s, "("))
        foreign_scan_next(&s);
    foreign_scan_next(&s);
    while (s.kind != FT_END && !foreign_scan_is_op(&s, ")")) {
        read_item(&s, a, out);
        if (foreign_scan_is_op(&s, ","))
            foreign_scan_next(&s);
    }
}

/* Text from one token to before another, without blanks at its end. */
static const char *text_between(struct arena *a, const char *from, const char *to)
{
    while (to > from && strchr(" \t\r\n;", to[-1]))
        to--;
    return arena_strndup(a, from, (size_t)(to - from));
}

static void read_keys(struct foreign_scan *s, struct arena *a, struct foreign_index *out)
{
    const char *from = s->start, *end = NULL;
    for (int depth = 0; s->kind != FT_END; foreign_scan_next(s)) {
        bool close = foreign_scan_is_op(s, ")");
        if (depth == 0 && (close || foreign_scan_is_op(s, ","))) {
            list_add(&out->keys, a, text_between(a, from, end ? end : s->start));
            from = s->p;
            end = NULL;
            if (close)
                return;
            from += strspn(from, " \t\r\n");
        } else if (depth == 0 && !end && (foreign_scan_is(s, "COLLATE") || foreign_scan_is(s, "ASC") || foreign_scan_is(s, "DESC"))) {
            end = s->start;
        }
        depth += foreign_scan_is_op(s, "(") - close;
    }
}

void foreign_sql_index(struct arena *a, const char *sql, struct foreign_index *out)
{
    struct foreign_scan s;
    *out = (struct foreign_index){0};
    foreign_scan_begin(&s, sql ? sql : "");
    while (s.kind != FT_END && !foreign_scan_is_op(&s, "("))
        foreign_scan_next(&s);
    foreign_scan_next(&s);
    read_keys(&s, a, out);
    foreign_scan_next(&s);
    if (foreign_scan_is(&s, "WHERE"))
        out->where = text_between(a, s.p + strspn(s.p, " \t\r\n"), s.p + strlen(s.p));
}

const char *foreign_sql_view(struct arena *a, const char *sql)
{
    struct foreign_scan s;
    foreign_scan_begin(&s, sql ? sql : "");
    while (s.kind != FT_END && !foreign_scan_is(&s, "AS"))
        foreign_scan_next(&s);
    return s.kind == FT_END ? NULL : text_between(a, s.p + strspn(s.p, " \t\r\n"), s.p + strlen(s.p));
}
