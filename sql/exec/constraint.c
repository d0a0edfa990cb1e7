/* constraint.c: see constraint.h. */
#include "sql/exec/constraint.h"

#include <string.h>

#include "sql/analyze/analyze.h"
#include "sql/base/arena.h"
#include "sql/emit/deparse.h"
#include "sql/exec/watch.h"
#include "sql/plan/visible.h"

static const char *const constraint_prefixes[] = {
    "UNIQUE constraint failed: ", "NOT NULL constraint failed: ", "CHECK constraint failed: "};

/* What follows SQLite's fixed words, or NULL. */
static const char *constraint_subject(const char *message, int which)
{
    size_t n = strlen(constraint_prefixes[which]);
    return strncmp(message, constraint_prefixes[which], n) == 0 ? message + n : NULL;
}

/* "t.a, t.b" names the table: the longest name that a relation has ("s.t" in other schemas). */
static const struct relation *constraint_relation(const char *subject, const struct step *step,
                                                  const struct snapshot *s, struct arena *a)
{
    if (step && step->target) {
        size_t n = strlen(step->target->sqlite_name);
        if (!strncmp(subject, step->target->sqlite_name, n) && subject[n] == '.')
            return step->target;
    }
    for (const char *dot = strchr(subject, '.'); dot; dot = strchr(dot + 1, '.')) {
        const struct relation *r =
            snapshot_relation_sqlite(s, arena_strndup(a, subject, (size_t)(dot - subject)));
        if (r)
            return r;
    }
    return NULL;
}

static const struct attribute *constraint_attribute(const struct relation *r, const char *name)
{
    for (int i = 0; i < r->natts; i++)
        if (!r->atts[i].dropped && !strcmp(r->atts[i].sqlite_name, name))
            return &r->atts[i];
    return NULL;
}

/* The unique index over exactly the columns "t.a, t.b". */
static const struct index_def *constraint_index(const struct relation *r, const char *subject,
                                                struct arena *a)
{
    size_t prefix = strlen(r->sqlite_name) + 1;
    int16_t keys[64];
    int n = 0;
    for (const char *p = subject; *p && n < 64;) {
        const char *end = strstr(p, ", ");
        size_t len = end ? (size_t)(end - p) : strlen(p);
        if (len <= prefix)
            return NULL;
        const struct attribute *at =
            constraint_attribute(r, arena_strndup(a, p + prefix, len - prefix));
        if (!at)
            return NULL;
        keys[n++] = at->num;
        p += len + (end ? 2 : 0);
    }
    for (int i = 0; i < r->nindexes; i++) {
        const struct index_def *x = r->indexes[i];
        bool same = x->unique && x->nkeys == n;
        for (int k = 0; same && k < n; k++)
            same = x->columns[k].attnum == keys[k];
        if (same)
            return x;
    }
    return NULL;
}

static void constraint_set_names(struct error *err, const struct snapshot *s,
                                 const struct relation *r, const char *constraint,
                                 const char *column)
{
    const struct namespace_def *ns = snapshot_namespace(s, r->namespace_oid);
    err->schema = ns ? arena_strdup(err->arena, ns->name) : NULL;
    err->table = arena_strdup(err->arena, r->name);
    err->constraint = constraint ? arena_strdup(err->arena, constraint) : NULL;
    err->column = column ? arena_strdup(err->arena, column) : NULL;
}

/* Returns the index that is violated, if it could be told. */
static const struct index_def *constraint_unique(const char *subject, const struct step *step,
                                                 const struct snapshot *s, struct error *err)
{
    static const char index_form[] = "index '";
    const struct relation *r = NULL;
    const struct index_def *x = NULL;
    if (!strncmp(subject, index_form, sizeof(index_form) - 1)) { /* an index with expressions */
        size_t n = strlen(subject) - sizeof(index_form);
        r = step ? step->target : NULL;
        for (int i = 0; r && !x && i < r->nindexes; i++)
            if (r->indexes[i]->sqlite_name && strlen(r->indexes[i]->sqlite_name) == n &&
                !strncmp(r->indexes[i]->sqlite_name, subject + sizeof(index_form) - 1, n))
                x = r->indexes[i];
    } else {
        r = constraint_relation(subject, step, s, err->arena);
        x = r ? constraint_index(r, subject, err->arena) : NULL;
    }
    const char *name = !x ? subject : x->constraint ? x->constraint->name : x->name;
    error_set(err, ERRCODE_UNIQUE_VIOLATION,
              "duplicate key value violates unique constraint \"%s\"", name);
    if (r)
        constraint_set_names(err, s, r, name, NULL);
    return x;
}

static const struct relation *constraint_not_null(const char *subject, const struct step *step,
                                const struct snapshot *s, struct error *err)
{
    const struct relation *r = constraint_relation(subject, step, s, err->arena);
    const struct attribute *at =
        r ? constraint_attribute(r, subject + strlen(r->sqlite_name) + 1) : NULL;
    if (!at) {
        error_set(err, ERRCODE_NOT_NULL_VIOLATION, "null value violates not-null constraint (%s)",
                  subject);
        return NULL;
    }
    error_set(err, ERRCODE_NOT_NULL_VIOLATION,
              "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
              at->name, r->name);
    constraint_set_names(err, s, r, NULL, at->name);
    return r;
}

static void constraint_check(const char *name, const struct step *step, const struct snapshot *s,
                             struct error *err)
{
    const struct relation *r = step ? step->target : NULL;
    if (!r) {
        error_set(err, ERRCODE_CHECK_VIOLATION, "new row violates check constraint \"%s\"", name);
        return;
    }
    if (!strcmp(name, "_pg_partition")) { /* PARTITION_CHECK_NAME of command/: a partition's bound */
        error_set(err, ERRCODE_CHECK_VIOLATION, "new row for relation \"%s\" violates partition constraint", r->name);
        constraint_set_names(err, s, r, NULL, NULL);
        return;
    }
    for (int i = 0; r->foreign && i < r->nconstraints; i++)
        if (r->constraints[i]->foreign_sql && !strcmp(r->constraints[i]->foreign_sql, name))
            name = r->constraints[i]->name;
    error_set(err, ERRCODE_CHECK_VIOLATION,
              "new row for relation \"%s\" violates check constraint \"%s\"", r->name, name);
    constraint_set_names(err, s, r, name, NULL);
}

static void constraint_foreign(const struct constraint_failure *f, const struct watched *w,
                               struct error *err)
{
    const struct relation *r = f->step ? f->step->target : NULL;
    const struct constraint_def *own = NULL, *other = NULL;
    int row = -1, other_row = -1;
    if (r && w) {
        own = watch_find_missing(f, w, &row);
        other = own ? NULL : watch_find_referenced(f, w, &other_row);
    }
    if (r && !own && !other) { /* not found: name the only candidate there is */
        for (int i = 0; !own && i < r->nconstraints; i++)
            own = r->constraints[i]->type == 'f' ? r->constraints[i] : NULL;
        bool removes = f->step->query && f->step->query->command == QUERY_DELETE;
        other = r->nreferenced ? r->referenced[0] : NULL;
        own = removes && other ? NULL : own;
    }
    if (own) {
        error_set(err, ERRCODE_FOREIGN_KEY_VIOLATION,
                  "insert or update on table \"%s\" violates foreign key constraint \"%s\"",
                  r->name, own->name);
        if (row >= 0)
            error_detail(err, "Key %sis not present in table \"%s\".",
                         watch_key(f, w, row, false, own->keys, own->nkeys, err),
                         own->ref_table->name);
        constraint_set_names(err, f->snapshot, r, own->name, NULL);
    } else if (other) {
        error_set(err, ERRCODE_FOREIGN_KEY_VIOLATION,
                  "update or delete on table \"%s\" violates foreign key constraint \"%s\" on "
                  "table \"%s\"",
                  r->name, other->name, other->table->name);
        if (other_row >= 0)
            error_detail(err, "Key %sis still referenced from table \"%s\".",
                         watch_key(f, w, other_row, true, other->ref_keys, other->nkeys, err),
                         other->table->name);
        constraint_set_names(err, f->snapshot, other->table, other->name, NULL);
    } else {
        error_set(err, ERRCODE_FOREIGN_KEY_VIOLATION, "a foreign key constraint is violated");
    }
}

static void constraint_row_detail(const struct constraint_failure *f, const struct watched *w,
                                  struct error *err)
{
    const char *row = w && w->n ? watch_row(f, w, w->n - 1, err) : NULL;
    if (row)
        error_detail(err, "Failing row contains %s.", row);
}

void constraint_null(const struct constraint_failure *f, const struct attribute *a, struct error *err)
{
    const struct relation *r = f->step->target;
    struct watched w;
    error_set(err, ERRCODE_NOT_NULL_VIOLATION,
              "null value in column \"%s\" of relation \"%s\" violates not-null constraint", a->name, r->name);
    constraint_set_names(err, f->snapshot, r, NULL, a->name);
    if (watch_again(f, &w, err->arena))
        constraint_row_detail(f, &w, err);
}

void constraint_null_detail(const struct constraint_failure *f, struct error *err)
{
    struct watched w;
    const struct relation *r = f->step->target;
    if (!r->rowid_attnum || !err->table || strcmp(err->table, r->name) != 0 || !watch_again(f, &w, err->arena))
        return;
    for (int i = 0; i < w.n; i++)
        if (value_is_null(&w.rows[i].new[r->rowid_attnum - 1])) {
            w.n = i + 1;
            constraint_row_detail(f, &w, err);
            return;
        }
}

void constraint_view_check(const struct constraint_failure *f, const char *view, struct error *err)
{
    struct watched w;
    error_set(err, ERRCODE_WITH_CHECK_OPTION_VIOLATION, "new row violates check option for view \"%s\"", view);
    if (watch_again(f, &w, err->arena))
        constraint_row_detail(f, &w, err);
}

void constraint_missing(const struct constraint_failure *f, const struct constraint_def *k, struct error *err)
{
    error_set(err, ERRCODE_FOREIGN_KEY_VIOLATION,
              "insert or update on table \"%s\" violates foreign key constraint \"%s\"", k->table->name, k->name);
    constraint_set_names(err, f->snapshot, k->table, k->name, NULL);
}

void constraint_missing_detail(const struct constraint_failure *f, const struct constraint_def *k, struct error *err)
{
    error_detail(err, "Key %sis not present in table \"%s\".",
                 watch_key_text(f, k->table, f->new_row, k->keys, k->nkeys, err), k->ref_table->name);
}

void constraint_still_referenced(const struct constraint_failure *f, const struct constraint_def *k,
                                 const struct constraint_def *told, struct error *err)
{
    error_set(err, ERRCODE_FOREIGN_KEY_VIOLATION,
              "update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"",
              told->ref_table->name, told->name, k->table->name);
    error_detail(err, "Key %sis still referenced from table \"%s\".",
                 watch_key_text(f, k->ref_table, f->old_row, k->ref_keys, k->nkeys, err), k->table->name);
    constraint_set_names(err, f->snapshot, k->table, told->name, NULL);
}

void constraint_duplicate(const struct constraint_failure *f, const struct constraint_def *k, struct error *err)
{
    error_set(err, ERRCODE_UNIQUE_VIOLATION, "duplicate key value violates unique constraint \"%s\"", k->name);
    const char *key = watch_key_text(f, k->table, f->new_row, k->keys, k->nkeys, err);
    if (*key)
        error_detail(err, "Key %salready exists.", key);
    constraint_set_names(err, f->snapshot, k->table, k->name, NULL);
}

static const char *key_values(const struct constraint_failure *f, const struct index_def *d, const struct value *keys,
                              struct error *err)
{
    struct strbuf b = {0};
    strbuf_addc(&b, '(');
    for (int i = 0; i < d->nkeys; i++) {
        struct attribute a = {.type = d->columns[i].type, .typmod = -1};
        strbuf_addz(&b, i ? ", " : "");
        watch_print(f, &b, &a, &keys[i], 0, err);
    }
    strbuf_addc(&b, ')');
    const char *s = arena_strdup(err->arena, b.data);
    strbuf_free(&b);
    return s;
}

/* The column, or the expression as \d shows it. */
static const char *key_name(const struct constraint_failure *f, const struct index_def *d, const struct index_column *k,
                            struct error *err)
{
    static const uint32_t path[] = {PG_CATALOG_NAMESPACE, PUBLIC_NAMESPACE};
    struct error ignored;
    error_init(&ignored, err->arena);
    struct eval_context *ctx = f->connection->host.ctx;
    struct analysis an = {.arena = err->arena, .snapshot = f->snapshot, .err = &ignored, .search_path = path,
                          .nsearch_path = 2, .role_name = "", .session_role_name = "", .database = "", .ctx = ctx};
    if (k->attnum)
        return d->table->atts[k->attnum - 1].name;
    struct expr *e = analyze_expression(&an, k->expr_sql, d->table, 0, -1, "index expressions");
    struct deparse dp = {.snapshot = f->snapshot, .search_path = path, .nsearch_path = 2, .ctx = ctx,
                         .arena = err->arena, .err = &ignored, .flags = DEPARSE_PRETTY};
    struct strbuf b = {0};
    bool call = e && e->kind == EXPR_FUNC && e->func.form == COERCE_CALL;
    const char *s = e && deparse_expr(&dp, e, d->table, &b) ? arena_printf(err->arena, call ? "%s" : "(%s)", b.data)
                                                            : k->expr_sql;
    strbuf_free(&b);
    return s;
}

void constraint_excluded(const struct constraint_failure *f, const struct constraint_def *k, const struct value *keys,
                         const struct value *other, struct error *err)
{
    const struct index_def *d = k->index;
    struct strbuf names = {0};
    int16_t *attnums = ARENA_ARRAY(err->arena, int16_t, d->nkeys + 1);
    error_set(err, ERRCODE_EXCLUSION_VIOLATION, "conflicting key value violates exclusion constraint \"%s\"", k->name);
    constraint_set_names(err, f->snapshot, k->table, k->name, NULL);
    for (int i = 0; i < d->nkeys; i++)
        attnums[i] = d->columns[i].attnum;
    if (!visible_key(f->snapshot, f->connection->host.ctx->role, k->table, attnums, d->nkeys)) {
        error_detail(err, "Key conflicts with existing key.");
        return;
    }
    strbuf_addc(&names, '(');
    for (int i = 0; i < d->nkeys; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", key_name(f, d, &d->columns[i], err));
    strbuf_addc(&names, ')');
    error_detail(err, "Key %s=%s conflicts with existing key %s=%s.", names.data, key_values(f, d, keys, err), names.data,
                 key_values(f, d, other, err));
    strbuf_free(&names);
}

/* DETAIL of a unique violation, when the watched row's key does clash. */
static void constraint_unique_detail(const struct constraint_failure *f, const struct watched *w,
                                     const struct index_def *x, struct error *err)
{
    int16_t keys[64];
    if (!x || !w || !w->n || x->nkeys > 64)
        return;
    for (int i = 0; i < x->nkeys; i++)
        if (!(keys[i] = x->columns[i].attnum))
            return;
    const char *key = watch_clashes(f, w, keys, x->nkeys, x->nulls_not_distinct)
                          ? watch_key(f, w, w->n - 1, false, keys, x->nkeys, err) : "";
    if (*key)
        error_detail(err, "Key %salready exists.", key);
}

void constraint_explain(const struct constraint_failure *f, struct error *err)
{
    char *message = arena_strdup(err->arena, sqlite3_errmsg(f->connection->db));
    struct watched watched, *w = watch_again(f, &watched, err->arena) ? &watched : NULL;
    const char *subject;
    if ((subject = constraint_subject(message, 0))) {
        const struct index_def *x = constraint_unique(subject, f->step, f->snapshot, err);
        constraint_unique_detail(f, w, x, err);
    } else if ((subject = constraint_subject(message, 1))) {
        const struct relation *r = constraint_not_null(subject, f->step, f->snapshot, err);
        if (f->step && r == f->step->target) /* else an action of a foreign key changed another table */
            constraint_row_detail(f, w, err);
    } else if ((subject = constraint_subject(message, 2))) {
        constraint_check(subject, f->step, f->snapshot, err);
        constraint_row_detail(f, w, err);
    } else if (f->rc == SQLITE_CONSTRAINT_FOREIGNKEY || !strcmp(message, "FOREIGN KEY constraint failed")) {
        constraint_foreign(f, w, err);
    } else {
        error_set(err, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION, "%s", message);
    }
}
