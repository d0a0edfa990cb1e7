/*
 * vec_where.c - see vec_where.h. The condition becomes a list of nodes in postfix order; a node without operands is a set of codes.
 */
#include "vecext/vec_where.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vecext/vec_include.h"
#include "vecext/vec_kernel.h"

enum { DEPTH_MOST = 40 /* of parentheses; masks on the stack are twice as many */ };

enum node_kind { NODE_SET, NODE_LIST, NODE_UNKNOWN, NODE_NEVER, NODE_AND, NODE_OR };

/* Codes low <= code <= high; negated: all others but NULL. */
struct set {
    uint64_t low, high;
    bool negated;
};

/* Of IN. Codes are ascending. */
struct element {
    uint64_t code;
    bool same;
};

struct node {
    enum node_kind kind;
    int column;
    struct set can, sure;
    size_t first, count; /* NODE_LIST: of the elements */
};

struct vec_where {
    struct vec_buf nodes, elements;
    struct vec_buf statement; /* text, with its zero */
    bool partial;             /* has a bare ? */
};

struct parser {
    struct vec_index *ix;
    const struct vec_subquery *q;
    struct vec_where *where;
    const char *at;
    int depth;
    struct vec_error *err;
};

static const struct set nothing = {UINT64_MAX, 0, false};

/* --- reading --------------------------------------------------------------------------------------------------------- */

static bool syntax(const struct parser *p)
{
    return vec_error_set(p->err, VEC_INVALID_PARAMETER, "vec_where: cannot read \"%.40s\"", p->at);
}

static void skip_blanks(struct parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Takes a keyword or a sign when it is next. */
static bool take(struct parser *p, const char *token)
{
    size_t n = strlen(token);
    skip_blanks(p);
    if (sqlite3_strnicmp(p->at, token, (int)n) != 0 || (is_word(token[n - 1]) && is_word(p->at[n])))
        return false;
    p->at += n;
    return true;
}

/* Adds to the statement. */
static bool print(const struct parser *p, const char *text, size_t n)
{
    return vec_buf_append(&p->where->statement, text, n, p->err) && vec_buf_append(&p->where->statement, " ", 1, p->err);
}

static bool printz(const struct parser *p, const char *text)
{
    return print(p, text, strlen(text));
}

static bool add_node(const struct parser *p, struct node node)
{
    return vec_buf_append(&p->where->nodes, &node, sizeof node, p->err);
}

/* The place of a column's name, -1 when it is none. */
static int find_column(const struct vec_index *ix, const char *name, size_t n)
{
    for (int c = 0; c < ix->shape.includes; c++)
        if (strlen(ix->include_names[c]) == n && sqlite3_strnicmp(ix->include_names[c], name, (int)n) == 0)
            return c;
    return -1;
}

/* A name as it stands, or in double quotes; NULL when there is none. To be freed. */
static char *read_name(struct parser *p)
{
    size_t n = 0;
    bool quoted = *p->at == '"';
    const char *start = p->at + quoted;
    char *name = malloc(strlen(start) + 1);
    if (!name)
        return NULL;
    for (p->at = start; *p->at && (quoted ? *p->at != '"' || p->at[1] == '"' : is_word(*p->at)); p->at++) {
        name[n++] = *p->at;
        p->at += quoted && *p->at == '"';
    }
    p->at += quoted && *p->at == '"';
    name[n] = 0;
    return name;
}

static bool read_column(struct parser *p, int *column)
{
    char printed[16];
    skip_blanks(p);
    if (*p->at == '#') {
        char *end;
        long number = strtol(p->at + 1, &end, 10);
        if (end == p->at + 1 || number < 1 || number > p->ix->shape.includes)
            return syntax(p);
        p->at = end;
        *column = (int)number - 1;
    } else {
        if (*p->at != '"' && !is_word(*p->at))
            return syntax(p);
        char *name = read_name(p);
        if (!name)
            return vec_error_nomem(p->err);
        *column = find_column(p->ix, name, strlen(name));
        if (*column < 0)
            vec_error_set(p->err, VEC_INVALID_PARAMETER, "index \"%s\" has no included column \"%s\"", p->ix->name, name);
        free(name);
        if (*column < 0)
            return false;
    }
    sqlite3_snprintf(sizeof printed, printed, "c%d", *column + 1);
    return printz(p, printed);
}

/* ?n */
static bool read_value(struct parser *p, sqlite3_value **value)
{
    char printed[16], *end;
    skip_blanks(p);
    long number = *p->at == '?' ? strtol(p->at + 1, &end, 10) : 0;
    *value = number > 0 && number < 100000 ? vec_subquery_argument(p->q, (int)number - 1) : NULL;
    if (!*value)
        return syntax(p);
    p->at = end;
    sqlite3_snprintf(sizeof printed, printed, "?%ld", number + 1); /* ?1 is the row */
    return printz(p, printed);
}

/* --- sets of codes --------------------------------------------------------------------------------------------------- */

enum comparison { EQUAL, OTHER_THAN, BELOW, AT_MOST, ABOVE, AT_LEAST };

static bool add_comparison(const struct parser *p, int column, enum comparison op, sqlite3_value *value)
{
    enum vec_include_kind kind = p->ix->includes[column];
    uint64_t code = vec_include_code(kind, value);
    struct node node = {.kind = NODE_SET, .column = column};
    if (code == VEC_INCLUDE_NULL)
        return add_node(p, (struct node){.kind = NODE_NEVER});
    if (code == VEC_INCLUDE_OTHER)
        return add_node(p, (struct node){.kind = NODE_UNKNOWN});
    struct vec_include_span s = vec_include_around(kind, code, op > OTHER_THAN);
    const struct set around = {s.low, s.high, false}, others = {s.low, s.high, true};
    const struct set below = s.low > VEC_INCLUDE_LEAST ? (struct set){VEC_INCLUDE_LEAST, s.low - 1, false} : nothing;
    const struct set above = s.high < UINT64_MAX ? (struct set){s.high + 1, UINT64_MAX, false} : nothing;
    const struct set until = {VEC_INCLUDE_LEAST, s.high, false}, from = {s.low, UINT64_MAX, false};
    const struct set every = {VEC_INCLUDE_LEAST, UINT64_MAX, false};
    const struct {
        struct set can, sure;
    } sets[] = {
        [EQUAL] = {around, s.same ? around : nothing}, [OTHER_THAN] = {s.same ? others : every, others},
        [BELOW] = {s.same ? below : until, below},     [AT_MOST] = {until, s.same ? until : below},
        [ABOVE] = {s.same ? above : from, above},      [AT_LEAST] = {from, s.same ? from : above},
    };
    node.can = sets[op].can;
    node.sure = sets[op].sure;
    return add_node(p, node);
}

static int compare_element(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    return (x->code > y->code) - (x->code < y->code);
}

/* One value of IN; *known is false when it may be anything. */
static bool add_element(const struct parser *p, int column, sqlite3_value *value, bool *known)
{
    enum vec_include_kind kind = p->ix->includes[column];
    struct element e = {vec_include_code(kind, value), false};
    if (e.code == VEC_INCLUDE_NULL)
        return true;
    if (e.code == VEC_INCLUDE_OTHER) {
        *known = false;
        return true;
    }
    e.same = vec_include_around(kind, e.code, false).same;
    return vec_buf_append(&p->where->elements, &e, sizeof e, p->err);
}

/* The elements of a JSON array. Its fractions are numbers that SQLite reads, which may round them otherwise than the table's. */
static bool add_array(const struct parser *p, int column, sqlite3_value *array, bool *known)
{
    sqlite3 *db = p->ix->conn->db;
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_value_type(array) == SQLITE_NULL)
        return true;
    if (sqlite3_prepare_v2(db, "SELECT value FROM json_each(CASE WHEN json_type(?1) = 'array' THEN ?1 END)", -1, &stmt, NULL) !=
        SQLITE_OK)
        return vec_sqlite_error(db, p->err);
    sqlite3_bind_value(stmt, 1, array);
    bool ok = true;
    int rc;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        sqlite3_value *value = sqlite3_column_value(stmt, 0);
        if (sqlite3_value_type(value) == SQLITE_FLOAT)
            *known = false;
        else
            ok = add_element(p, column, value, known);
    }
    if (ok && rc != SQLITE_DONE) /* another form of an array */
        *known = false;
    sqlite3_finalize(stmt);
    return ok;
}

static bool add_list(const struct parser *p, int column, size_t first, bool known)
{
    struct vec_where *w = p->where;
    struct element *all = (void *)w->elements.data;
    size_t n = w->elements.len / sizeof *all - first;
    if (!known)
        return add_node(p, (struct node){.kind = NODE_UNKNOWN});
    if (n)
        qsort(all + first, n, sizeof *all, compare_element);
    return add_node(p, (struct node){.kind = NODE_LIST, .column = column, .first = first, .count = n});
}

/* --- the grammar ----------------------------------------------------------------------------------------------------- */

static bool read_in(struct parser *p, int column)
{
    size_t first = p->where->elements.len / sizeof(struct element);
    bool known = true;
    sqlite3_value *value;
    if (!printz(p, "IN ("))
        return false;
    if (!take(p, "("))
        return printz(p, "SELECT value FROM json_each(") && read_value(p, &value) && printz(p, "))") &&
               add_array(p, column, value, &known) && add_list(p, column, first, known);
    do {
        if (!read_value(p, &value) || !add_element(p, column, value, &known))
            return false;
    } while (take(p, ",") && printz(p, ","));
    return (take(p, ")") || syntax(p)) && printz(p, ")") && add_list(p, column, first, known);
}

static bool read_null_test(const struct parser *p, int column, bool negated)
{
    const struct set null = {VEC_INCLUDE_NULL, VEC_INCLUDE_NULL, false}, value = {VEC_INCLUDE_OTHER, UINT64_MAX, false};
    const struct set is = negated ? value : null;
    return printz(p, negated ? "IS NOT NULL" : "IS NULL") &&
           add_node(p, (struct node){.kind = NODE_SET, .column = column, .can = is, .sure = is});
}

static bool read_between(struct parser *p, int column)
{
    sqlite3_value *low, *high;
    return printz(p, "BETWEEN") && read_value(p, &low) && (take(p, "AND") || syntax(p)) && printz(p, "AND") &&
           read_value(p, &high) && add_comparison(p, column, AT_LEAST, low) && add_comparison(p, column, AT_MOST, high) &&
           add_node(p, (struct node){.kind = NODE_AND});
}

static bool read_condition(struct parser *p);

/* A column compared with something, a condition in parentheses, or a bare ?. */
static bool read_factor(struct parser *p)
{
    static const struct {
        const char *sign;
        enum comparison op;
    } signs[] = {{"<=", AT_MOST}, {">=", AT_LEAST}, {"<>", OTHER_THAN}, {"!=", OTHER_THAN},
                 {"<", BELOW},    {">", ABOVE},     {"==", EQUAL},      {"=", EQUAL}};
    int column = 0;
    sqlite3_value *value;
    if (take(p, "?")) {
        p->where->partial = true;
        return add_node(p, (struct node){.kind = NODE_UNKNOWN});
    }
    if (take(p, "(")) {
        if (++p->depth > DEPTH_MOST)
            return vec_error_set(p->err, VEC_LIMIT_EXCEEDED, "vec_where: more than %d parentheses within each other", DEPTH_MOST);
        bool ok = printz(p, "(") && read_condition(p) && (take(p, ")") || syntax(p)) && printz(p, ")");
        p->depth--;
        return ok;
    }
    if (!read_column(p, &column))
        return false;
    if (take(p, "IS")) {
        bool negated = take(p, "NOT");
        return (take(p, "NULL") || syntax(p)) && read_null_test(p, column, negated);
    }
    if (take(p, "IN"))
        return read_in(p, column);
    if (take(p, "BETWEEN"))
        return read_between(p, column);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (take(p, signs[i].sign))
            return printz(p, signs[i].sign) && read_value(p, &value) && add_comparison(p, column, signs[i].op, value);
    return syntax(p);
}

static bool read_term(struct parser *p)
{
    if (!read_factor(p))
        return false;
    while (take(p, "AND"))
        if (!printz(p, "AND") || !read_factor(p) || !add_node(p, (struct node){.kind = NODE_AND}))
            return false;
    return true;
}

static bool read_condition(struct parser *p)
{
    if (!read_term(p))
        return false;
    while (take(p, "OR"))
        if (!printz(p, "OR") || !read_term(p) || !add_node(p, (struct node){.kind = NODE_OR}))
            return false;
    return true;
}

static bool read_all(struct parser *p)
{
    char *head = sqlite3_mprintf("SELECT 1 FROM \"%w\".\"%w_src\" WHERE id = ?1 AND (", p->ix->schema, p->ix->name);
    bool ok = head ? printz(p, head) && read_condition(p) : vec_error_nomem(p->err);
    sqlite3_free(head);
    if (ok)
        skip_blanks(p);
    return ok && (!*p->at || syntax(p)) && vec_buf_append(&p->where->statement, ")", 2, p->err);
}

struct vec_where *vec_where_new(struct vec_index *ix, const struct vec_subquery *q, struct vec_error *err)
{
    struct parser p = {.ix = ix, .q = q, .where = calloc(1, sizeof *p.where), .at = vec_subquery_text(q), .err = err};
    if (!p.where) {
        vec_error_nomem(err);
        return NULL;
    }
    if (!read_all(&p)) {
        vec_where_free(p.where);
        return NULL;
    }
    return p.where;
}

void vec_where_free(struct vec_where *where)
{
    if (!where)
        return;
    vec_buf_free(&where->nodes);
    vec_buf_free(&where->elements);
    vec_buf_free(&where->statement);
    free(where);
}

const char *vec_where_statement(const struct vec_where *where)
{
    return where->partial ? NULL : (const char *)where->statement.data;
}

/* --- testing --------------------------------------------------------------------------------------------------------- */

static uint32_t in_range(const uint64_t *codes, int n, uint64_t low, uint64_t high)
{
    uint32_t mask = 0;
    if (n == VEC_BLOCK)
        return vec_kernels()->block_range(codes, low, high - low);
    for (int i = 0; i < n; i++)
        mask |= (uint32_t)(codes[i] - low <= high - low) << i;
    return mask;
}

/* The rows whose code is in a set. */
static uint32_t in_set(const struct set *set, const uint64_t *codes, int n)
{
    if (set->low > set->high)
        return 0;
    uint32_t mask = in_range(codes, n, set->low, set->high);
    return set->negated ? ~mask & in_range(codes, n, VEC_INCLUDE_LEAST, UINT64_MAX) : mask;
}

static void test_list(const struct element *all, size_t count, const uint64_t *codes, int n, uint32_t *can, uint32_t *sure)
{
    *can = *sure = 0;
    for (int i = 0; i < n; i++) {
        size_t low = 0, high = count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (all[middle].code < codes[i])
                low = middle + 1;
            else
                high = middle;
        }
        bool found = low < count && all[low].code == codes[i];
        *can |= (uint32_t)(found || (codes[i] == VEC_INCLUDE_OTHER && count)) << i;
        *sure |= (uint32_t)(found && all[low].same) << i;
    }
}

static void test_set(const struct node *node, const uint64_t *codes, int n, uint32_t *can, uint32_t *sure)
{
    *can = in_set(&node->can, codes, n);
    bool alike = node->can.low == node->sure.low && node->can.high == node->sure.high && node->can.negated == node->sure.negated;
    *sure = alike ? *can : in_set(&node->sure, codes, n);
    if (node->can.low > VEC_INCLUDE_OTHER) /* it is about values */
        *can |= in_range(codes, n, VEC_INCLUDE_OTHER, VEC_INCLUDE_OTHER);
}

void vec_where_test(const struct vec_where *where, const uint64_t *codes, size_t column_step, int n, uint32_t *can, uint32_t *sure)
{
    uint32_t cans[2 * DEPTH_MOST + 6], sures[2 * DEPTH_MOST + 6];
    int top = 0;
    const struct node *nodes = (const void *)where->nodes.data;
    const struct element *elements = (const void *)where->elements.data;
    for (size_t i = 0; i < where->nodes.len / sizeof *nodes; i++) {
        const struct node *node = &nodes[i];
        const uint64_t *of = codes + (size_t)node->column * column_step;
        switch (node->kind) {
        case NODE_SET:
            test_set(node, of, n, &cans[top], &sures[top]);
            top++;
            break;
        case NODE_LIST:
            test_list(elements + node->first, node->count, of, n, &cans[top], &sures[top]);
            top++;
            break;
        case NODE_UNKNOWN:
        case NODE_NEVER:
            cans[top] = node->kind == NODE_UNKNOWN ? UINT32_MAX : 0;
            sures[top++] = 0;
            break;
        case NODE_AND:
            top--;
            cans[top - 1] &= cans[top];
            sures[top - 1] &= sures[top];
            break;
        case NODE_OR:
            top--;
            cans[top - 1] |= cans[top];
            sures[top - 1] |= sures[top];
            break;
        }
    }
    *can = cans[0];
    *sure = sures[0];
}
