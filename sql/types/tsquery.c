/* tsquery.c: the type tsquery: input, output, binary form, order; see tsquery.h. */
#include "sql/types/tsquery.h"

#include "sql/base/limits.h"
#include "sql/types/binary.h"
#include "sql/types/compare.h"
#include "sql/types/type.h"

/* --- text ------------------------------------------------------------------------------------------- */

static bool operand_as_is(struct tsq_parser *p, struct slice text, unsigned weights, bool prefix)
{
    return tsq_push_value(p, text, weights, prefix);
}

bool tsquery_read(struct fcall *f, struct slice s, struct tsq_node **root)
{
    *root = NULL;
    if (s.n == 0)
        return true;
    return tsquery_parse(f, s, TSQ_STANDARD, operand_as_is, NULL, root);
}

static int priority(const struct tsq_node *n)
{
    static const int by_kind[] = {[TSQ_NOT] = 4, [TSQ_AND] = 2, [TSQ_OR] = 1, [TSQ_PHRASE] = 3};
    return by_kind[n->kind];
}

static void write_value(struct textbuf *out, const struct tsq_node *n)
{
    ts_write_word(out, n->word);
    if (n->weights || n->prefix)
        textbuf_addc(out, ':');
    if (n->prefix)
        textbuf_addc(out, '*');
    for (int w = 3; w >= 0; w--)
        if (n->weights & 1u << w)
            textbuf_addc(out, "DCBA"[w]);
}

/* phrase_right: the node is the right operand of a phrase, whose order matters. */
static void write_node(struct textbuf *out, const struct tsq_node *n, int around, bool phrase_right)
{
    if (n->kind == TSQ_VALUE) {
        write_value(out, n);
        return;
    }
    int own = priority(n);
    bool parenthesis = own < around || (n->kind == TSQ_PHRASE && phrase_right);
    if (parenthesis)
        textbuf_addz(out, "( ");
    if (n->kind == TSQ_NOT) {
        textbuf_addc(out, '!');
        write_node(out, n->right, own, false);
    } else {
        write_node(out, n->left, own, false);
        if (n->kind == TSQ_OR)
            textbuf_addz(out, " | ");
        else if (n->kind == TSQ_AND)
            textbuf_addz(out, " & ");
        else if (n->distance != 1)
            textbuf_printf(out, " <%d> ", n->distance);
        else
            textbuf_addz(out, " <-> ");
        write_node(out, n->right, own, n->kind == TSQ_PHRASE);
    }
    if (parenthesis)
        textbuf_addz(out, " )");
}

void tsquery_write(struct textbuf *out, const struct tsq_node *root)
{
    if (root)
        write_node(out, root, -1, false);
}

void tsquery_return(struct fcall *f, const struct tsq_node *root)
{
    struct textbuf out = textbuf_in(f->arena);
    tsquery_write(&out, root);
    textbuf_return(&out, f);
}

int tsquery_size(const struct tsq_node *n)
{
    return n ? 1 + tsquery_size(n->left) + tsquery_size(n->right) : 0;
}

static void number_node(struct tsq_node *n, struct tsq_node **operands, int *count)
{
    if (!n)
        return;
    number_node(n->left, operands, count);
    number_node(n->right, operands, count);
    if (n->kind == TSQ_VALUE) {
        if (operands)
            operands[*count] = n;
        n->operand = (*count)++;
    }
}

int tsquery_number(struct tsq_node *root, struct tsq_node **operands)
{
    int n = 0;
    number_node(root, operands, &n);
    return n;
}

/* --- binary ---------------------------------------------------------------------------------------------- */

/* An operator comes before its right operand, that before the left one. */
static void send_node(struct textbuf *out, const struct tsq_node *n)
{
    if (!n)
        return;
    textbuf_addc(out, n->kind == TSQ_VALUE ? 1 : 2);
    if (n->kind == TSQ_VALUE) {
        textbuf_addc(out, (char)n->weights);
        textbuf_addc(out, n->prefix);
        textbuf_add(out, n->word.p, n->word.n);
        textbuf_addc(out, 0);
        return;
    }
    textbuf_addc(out, (char)n->kind);
    if (n->kind == TSQ_PHRASE) {
        binary_put_i16(textbuf_reserve(out, 2), (int16_t)n->distance);
        out->n += 2;
    }
    send_node(out, n->right);
    send_node(out, n->left);
}

static void tsquerysend(struct fcall *f)
{
    struct tsq_node *root;
    if (!tsquery_read(f, arg_slice(f, 0), &root))
        return;
    struct textbuf out = textbuf_in(f->arena);
    binary_put_i32(textbuf_reserve(&out, 4), tsquery_size(root));
    out.n += 4;
    send_node(&out, root);
    f->result = value_blob(out.p, out.n);
}

struct receiver {
    struct fcall *f;
    struct slice s;
    int left; /* items */
};

static bool receive_byte(struct receiver *r, int *byte)
{
    if (r->s.n == 0)
        return error_set(r->f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    *byte = (signed char)*r->s.p++;
    r->s.n--;
    return true;
}

static bool receive_value(struct receiver *r, struct tsq_node *n)
{
    int weights = 0, prefix = 0;
    if (!receive_byte(r, &weights) || !receive_byte(r, &prefix))
        return false;
    const char *end = r->s.n ? memchr(r->s.p, 0, r->s.n) : NULL;
    if (!end)
        return error_set(r->f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    if (weights < 0 || weights > 0xf)
        return error_set(r->f->err, ERRCODE_INTERNAL_ERROR, "invalid tsquery: invalid weight bitmap");
    n->word = (struct slice){r->s.p, (size_t)(end - r->s.p)};
    if (n->word.n > TS_LEXEME_MAXIMUM)
        return error_set(r->f->err, ERRCODE_INTERNAL_ERROR, "invalid tsquery: operand too long");
    n->weights = (unsigned)weights;
    n->prefix = prefix != 0;
    r->s.n -= n->word.n + 1;
    r->s.p = end + 1;
    return utf8_verify(n->word.p, n->word.n, r->f->err);
}

static struct tsq_node *receive_node(struct receiver *r, int depth)
{
    int type = 0, op = 0;
    struct error *err = r->f->err;
    if (depth > TSQUERY_DEPTH_MAXIMUM) {
        error_set(err, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
        return NULL;
    }
    if (r->left-- <= 0) {
        error_set(err, ERRCODE_INTERNAL_ERROR, "malformed tsquery: operand not found");
        return NULL;
    }
    if (!receive_byte(r, &type))
        return NULL;
    struct tsq_node *n = tsq_node_new(r->f->arena, TSQ_VALUE, NULL, NULL);
    if (type == 1)
        return receive_value(r, n) ? n : NULL;
    if (type != 2) {
        error_set(err, ERRCODE_INTERNAL_ERROR, "unrecognized tsquery node type: %d", type);
        return NULL;
    }
    if (!receive_byte(r, &op))
        return NULL;
    if (op < TSQ_NOT || op > TSQ_PHRASE) {
        error_set(err, ERRCODE_INTERNAL_ERROR, "invalid tsquery: unrecognized operator type %d", op);
        return NULL;
    }
    n->kind = (enum tsq_kind)op;
    if (op == TSQ_PHRASE) {
        if (r->s.n < 2) {
            error_set(err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
            return NULL;
        }
        n->distance = binary_get_i16(r->s.p);
        r->s.p += 2;
        r->s.n -= 2;
    }
    n->right = receive_node(r, depth + 1);
    if (n->right && op != TSQ_NOT)
        n->left = receive_node(r, depth + 1);
    return n->right && (n->left || op == TSQ_NOT) ? n : NULL;
}

static void tsqueryrecv(struct fcall *f)
{
    struct receiver r = {.f = f, .s = arg_slice(f, 0)};
    struct tsq_node *root = NULL;
    if (r.s.n < 4) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    r.left = binary_get_i32(r.s.p);
    r.s.p += 4;
    r.s.n -= 4;
    if (r.left < 0 || r.left > LIMIT_VALUE_BYTES / 12) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "invalid size of tsquery");
        return;
    }
    if (r.left > 0 && !(root = receive_node(&r, 0)))
        return;
    if (r.left > 0)
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "malformed tsquery: extra nodes");
    else if (r.s.n)
        error_set(f->err, ERRCODE_INVALID_BINARY_REPRESENTATION, "incorrect binary data format");
    else
        tsquery_return(f, root);
}

/* --- order ------------------------------------------------------------------------------------------------- */

/* PostgreSQL's old CRC-32: the table of the reflected polynomial, used from the other end. */
int32_t tsquery_word_crc(struct slice word)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < word.n; i++) {
        uint32_t entry = (crc >> 24) ^ (unsigned char)word.p[i];
        for (int bit = 0; bit < 8; bit++)
            entry = entry & 1 ? entry >> 1 ^ 0xedb88320u : entry >> 1;
        crc = entry ^ crc << 8;
    }
    return (int32_t)(crc ^ 0xffffffff);
}

static int compare_nodes(const struct tsq_node *a, const struct tsq_node *b)
{
    bool x = a->kind == TSQ_VALUE, y = b->kind == TSQ_VALUE;
    if (x != y)
        return x ? 1 : -1;
    if (x) {
        int32_t c = tsquery_word_crc(a->word), d = tsquery_word_crc(b->word);
        return c != d ? (c > d ? -1 : 1) : slice_compare(a->word, b->word);
    }
    if (a->kind != b->kind)
        return a->kind > b->kind ? -1 : 1;
    int c = compare_nodes(a->right, b->right);
    if (c == 0 && a->left && b->left)
        c = compare_nodes(a->left, b->left);
    if (c == 0 && a->kind == TSQ_PHRASE && a->distance != b->distance)
        c = a->distance > b->distance ? -1 : 1;
    return c;
}

/* Bytes PostgreSQL's form takes for the words. */
static size_t words_size(const struct tsq_node *n)
{
    if (!n)
        return 0;
    return n->kind == TSQ_VALUE ? n->word.n + 1 : words_size(n->left) + words_size(n->right);
}

static int compare_queries(const struct tsq_node *a, const struct tsq_node *b)
{
    int m = tsquery_size(a), n = tsquery_size(b);
    if (m != n)
        return m < n ? -1 : 1;
    size_t x = words_size(a), y = words_size(b);
    if (x != y)
        return x < y ? -1 : 1;
    return m ? compare_nodes(a, b) : 0;
}

static int collate_tsquery(void *unused, int na, const void *a, int nb, const void *b)
{
    (void)unused;
    struct slice x = {a, (size_t)na}, y = {b, (size_t)nb};
    if (slice_equal(x, y))
        return 0;
    struct arena *arena = arena_create();
    struct error err;
    error_init(&err, arena);
    struct fcall f = {.arena = arena, .err = &err};
    struct tsq_node *p, *q;
    int c;
    if (tsquery_read(&f, x, &p) && tsquery_read(&f, y, &q))
        c = compare_queries(p, q);
    else
        c = slice_compare(x, y);
    arena_destroy(arena);
    return c;
}

static int order(const struct fcall *f)
{
    return collate_tsquery(NULL, (int)f->args[0].n, f->args[0].p, (int)f->args[1].n, f->args[1].p);
}

COMPARE_BY(tsquery, order)

/* --- the type's functions ----------------------------------------------------------------------------------- */

static void tsqueryin(struct fcall *f)
{
    struct tsq_node *root;
    if (tsquery_parse(f, arg_slice(f, 0), TSQ_STANDARD, operand_as_is, NULL, &root))
        tsquery_return(f, root);
}

static void tsqueryout(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

const struct collation_def tsquery_collations[] = {
    {"tsquery", collate_tsquery},
    {NULL},
};

const struct fn_impl tsquery_functions[] = {
    {"tsqueryin", .call = tsqueryin},
    {"tsqueryout", .call = tsqueryout},
    {"tsquerysend", .call = tsquerysend},
    {"tsqueryrecv", .call = tsqueryrecv},
    {"tsquery_lt", .call = tsquery_lt, .native = "($1 < $2)"},
    {"tsquery_le", .call = tsquery_le, .native = "($1 <= $2)"},
    {"tsquery_eq", .call = tsquery_eq, .native = "($1 = $2)"},
    {"tsquery_ne", .call = tsquery_ne, .native = "($1 <> $2)"},
    {"tsquery_ge", .call = tsquery_ge, .native = "($1 >= $2)"},
    {"tsquery_gt", .call = tsquery_gt, .native = "($1 > $2)"},
    {"tsquery_cmp", .call = tsquery_cmp},
    {NULL},
};
