/*
 * parse.c: libpg_query behind parse.h: text to protobuf to unpacked C structs in one arena.
 *
 * libpg_query's printer, protobuf-c's unpacker and every reader of the tree recurse once per level.
 * Texts whose tokens allow deep nesting are therefore parsed on a thread with a stack made to
 * measure, where the real depth is taken; what is deeper than the analyzer allows is refused with
 * 54001 before anybody else sees it.
 */
#include "sql/parse/parse.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <pthread.h>
#include <string.h>

#include "sql/base/arena.h"
#include "sql/base/limits.h"
#include "sql/parse/depth.h"
#include "sql/parse/sqlstate.h"

/* Stack bytes per level of libpg_query's printer and protobuf-c (measured below 700; sanitizer
 * builds want more). */
#define STACK_PER_LEVEL 2048
/* Depth that fits any caller's own stack. */
#define DEPTH_INLINE 300
/* Largest stack asked for; address space only until touched. */
#define STACK_MAX ((size_t)1 << 30)
/* A level of nesting is a Node and its content: two messages. */
#define MESSAGES_PER_LEVEL 2
#define EXPRESSION_PREFIX  "SELECT "

struct parsed {
    struct arena *arena;
    PgQuery__ParseResult *tree;
    size_t length; /* of the text */
};

struct parse_job {
    const char *text;
    size_t n;
    struct error *err;
    struct parsed *result;
    int shift; /* subtracted from every location */
    bool measure;
};

static void *unpack_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void unpack_free(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

struct tree_walk {
    size_t max_depth;
    int shift;
};

static bool is_location(const ProtobufCFieldDescriptor *f)
{
    return f->type == PROTOBUF_C_TYPE_INT32 &&
           (strcmp(f->name, "location") == 0 || strcmp(f->name, "stmt_location") == 0);
}

static bool walk_message(const ProtobufCMessage *m, size_t depth, const struct tree_walk *w);

static bool walk_field(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t depth,
                       const struct tree_walk *w)
{
    char *base = (char *)m;

    if (is_location(f) && w->shift != 0) {
        int32_t *loc = (int32_t *)(base + f->offset);
        if (*loc >= w->shift)
            *loc -= w->shift;
        else if (*loc > 0)
            *loc = 0;
    }
    if (f->type != PROTOBUF_C_TYPE_MESSAGE)
        return true;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n = *(size_t *)(base + f->quantifier_offset);
        ProtobufCMessage **items = *(ProtobufCMessage ***)(base + f->offset);
        for (size_t i = 0; i < n; i++) {
            if (!walk_message(items[i], depth + 1, w))
                return false;
        }
        return true;
    }
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
        *(uint32_t *)(base + f->quantifier_offset) != f->id)
        return true;
    return walk_message(*(ProtobufCMessage **)(base + f->offset), depth + 1, w);
}

/* False when the tree is deeper than allowed. */
static bool walk_message(const ProtobufCMessage *m, size_t depth, const struct tree_walk *w)
{
    if (m == NULL)
        return true;
    if (depth > w->max_depth)
        return false;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        if (!walk_field(m, &m->descriptor->fields[i], depth, w))
            return false;
    }
    return true;
}

static void too_deep(struct error *err)
{
    error_set(err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    error_hint(err, "Expressions and subqueries may be nested %d levels deep.", LIMIT_EXPR_DEPTH);
}

/* The text at a 1-based character position. */
static const char *text_at(const char *text, int position)
{
    while (*text && position > 1)
        position -= (*++text & 0xC0) != 0x80;
    return text;
}

/* The whole word that follows a number, which the grammar library cuts after its first letter. */
static const char *whole_junk(struct parse_job *job, const char *message, int position, struct arena *arena)
{
    const char *near = strstr(message, " at or near \"");
    if (strncmp(message, "trailing junk after ", 20) != 0 || !near || position <= 0)
        return message;
    const char *at = text_at(job->text, position);
    size_t n = strlen(near + 13);
    n = n ? n - 1 : 0; /* without the closing quote */
    if (strncmp(at, near + 13, n) != 0)
        return message;
    while (at[n] == '_' || at[n] == '$' || (at[n] & 0x80) || (at[n] >= '0' && at[n] <= '9') ||
           ((at[n] | 0x20) >= 'a' && (at[n] | 0x20) <= 'z'))
        n++;
    return arena_printf(arena, "%.*s at or near \"%.*s\"", (int)(near - message), message, (int)n, at);
}

static void report(struct parse_job *job, const PgQueryError *e)
{
    struct arena *scratch = arena_create();
    parse_report(job->err, whole_junk(job, e->message, e->cursorpos, scratch), e->cursorpos - job->shift);
    const char *at = text_at(job->text, e->cursorpos);
    if (strstr(e->message, "invalid Unicode escape") && at[0] == '\\' && (at[1] == 'u' || at[1] == 'U') && job->err->hint)
        job->err->hint = "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.";
    else if (strstr(e->message, "invalid Unicode escape") && job->err->hint)
        memcpy(job->err->sqlstate, ERRCODE_SYNTAX_ERROR, sizeof(job->err->sqlstate)); /* U&'' */
    arena_destroy(scratch);
}

static void parse_run(struct parse_job *job)
{
    PgQueryProtobufParseResult r = pg_query_parse_protobuf(job->text);
    struct parsed *p;

    if (r.error != NULL) {
        report(job, r.error);
        pg_query_free_protobuf_parse_result(r);
        return;
    }
    struct arena *arena = arena_create();
    ProtobufCAllocator allocator = {
        .alloc = unpack_alloc, .free = unpack_free, .allocator_data = arena};
    p = ARENA_NEW(arena, struct parsed);
    p->arena = arena;
    p->length = job->n;
    p->tree = pg_query__parse_result__unpack(&allocator, r.parse_tree.len,
                                             (const uint8_t *)r.parse_tree.data);
    pg_query_free_protobuf_parse_result(r);
    if (p->tree == NULL) {
        error_set(job->err, ERRCODE_INTERNAL_ERROR, "could not read the parse tree");
        arena_destroy(arena);
        return;
    }
    struct tree_walk w = {.max_depth = (size_t)LIMIT_EXPR_DEPTH * MESSAGES_PER_LEVEL,
                          .shift = job->shift};
    if ((job->measure || job->shift != 0) && !walk_message(&p->tree->base, 0, &w)) {
        too_deep(job->err);
        arena_destroy(arena);
        return;
    }
    job->result = p;
}

static void *parse_thread(void *arg)
{
    parse_run(arg); /* libpg_query's memory of this thread goes with the thread */
    return NULL;
}

static void parse_run_deep(struct parse_job *job, size_t stack)
{
    pthread_attr_t attr;
    pthread_t thread;
    int rc;

    pthread_attr_init(&attr);
    rc = pthread_attr_setstacksize(&attr, stack);
    if (rc == 0)
        rc = pthread_create(&thread, &attr, parse_thread, job);
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        error_set(job->err, ERRCODE_OUT_OF_MEMORY, "out of memory");
        error_detail(job->err, "Could not start a thread with a stack of %zu bytes.", stack);
        return;
    }
    pthread_join(thread, NULL);
}

static struct parsed *parse_text(const char *text, size_t n, int shift, struct error *err)
{
    struct parse_job job = {.text = text, .n = n, .err = err, .shift = shift};
    size_t depth = n <= DEPTH_INLINE ? 0 : parse_depth_bound(text, n);
    size_t stack;

    if (depth <= DEPTH_INLINE) {
        parse_run(&job);
        return job.result;
    }
    job.measure = true;
    if (depth > (STACK_MAX >> 1) / STACK_PER_LEVEL) {
        too_deep(err);
        return NULL;
    }
    stack = (depth * STACK_PER_LEVEL + ((size_t)1 << 20) + 4095) & ~(size_t)4095;
    parse_run_deep(&job, stack);
    return job.result;
}

struct parsed *parse_sql(const char *text, size_t n, struct error *err)
{
    struct arena *scratch = arena_create();
    struct parsed *p = parse_text(arena_strndup(scratch, text, n), n, 0, err);
    arena_destroy(scratch);
    return p;
}

struct parsed *parse_expression(const char *text, struct error *err)
{
    struct arena *scratch = arena_create();
    char *sql = arena_printf(scratch, EXPRESSION_PREFIX "%s", text);
    struct parsed *p = parse_text(sql, strlen(sql), (int)strlen(EXPRESSION_PREFIX), err);

    arena_destroy(scratch);
    return p;
}

void parsed_free(struct parsed *p)
{
    if (p != NULL)
        arena_destroy(p->arena);
}

int parsed_count(const struct parsed *p)
{
    return (int)p->tree->n_stmts;
}

const struct raw_stmt *parsed_stmt(const struct parsed *p, int i)
{
    return (const struct raw_stmt *)p->tree->stmts[i]->stmt;
}

void parsed_span(const struct parsed *p, int i, int *offset, int *length)
{
    const PgQuery__RawStmt *s = p->tree->stmts[i];

    *offset = s->stmt_location > 0 ? s->stmt_location : 0;
    *length = s->stmt_len > 0 ? s->stmt_len : (int)p->length - *offset;
}

static const PgQuery__TransactionStmt *transaction_stmt(const struct raw_stmt *s)
{
    const PgQuery__Node *n = (const PgQuery__Node *)s;

    return n->node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT ? n->transaction_stmt : NULL;
}

bool raw_stmt_ends_transaction(const struct raw_stmt *s)
{
    const PgQuery__TransactionStmt *t = transaction_stmt(s);

    if (t == NULL)
        return false;
    switch (t->kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
        return true;
    default:
        return false;
    }
}

bool raw_stmt_is_transaction_control(const struct raw_stmt *s)
{
    return transaction_stmt(s) != NULL;
}

int parse_char_position(const char *text, int byte_offset)
{
    int chars = 1;

    if (byte_offset < 0)
        return 0;
    for (int i = 0; i < byte_offset && text[i] != '\0'; i++) {
        /* Every byte that begins a UTF-8 character. */
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            chars++;
    }
    return chars;
}
