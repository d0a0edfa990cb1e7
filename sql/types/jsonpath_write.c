/* jsonpath_write.c: SQL/JSON paths as PostgreSQL prints them, with every key quoted. */
#include "sql/types/jsonpath.h"

static int priority(enum path_kind kind)
{
    switch (kind) {
    case PATH_OR:
        return 0;
    case PATH_AND:
        return 1;
    case PATH_EQ:
    case PATH_NE:
    case PATH_LT:
    case PATH_GT:
    case PATH_LE:
    case PATH_GE:
    case PATH_STARTS_WITH:
        return 2;
    case PATH_ADD:
    case PATH_SUB:
        return 3;
    case PATH_MUL:
    case PATH_DIV:
    case PATH_MOD:
        return 4;
    case PATH_PLUS:
    case PATH_MINUS:
        return 5;
    default:
        return 6;
    }
}

static const char *operator_text(enum path_kind kind)
{
    static const char *const texts[] = {
        [PATH_AND] = "&&", [PATH_OR] = "||", [PATH_EQ] = "==", [PATH_NE] = "!=", [PATH_LT] = "<",
        [PATH_GT] = ">",   [PATH_LE] = "<=", [PATH_GE] = ">=", [PATH_ADD] = "+", [PATH_SUB] = "-",
        [PATH_MUL] = "*",  [PATH_DIV] = "/", [PATH_MOD] = "%", [PATH_STARTS_WITH] = "starts with"};
    return texts[kind];
}

static void write_node(struct textbuf *out, const struct path_node *n, bool in_key, bool brackets);

static void write_operand(struct textbuf *out, const struct path_node *n, const struct path_node *operand)
{
    write_node(out, operand, false, priority(operand->kind) <= priority(n->kind));
}

static void write_subscripts(struct textbuf *out, const struct path_node *n)
{
    textbuf_addc(out, '[');
    for (int i = 0; i < n->n; i++) {
        if (i)
            textbuf_addc(out, ',');
        write_node(out, n->subscripts[2 * i], false, false);
        if (n->subscripts[2 * i + 1]) {
            textbuf_addz(out, " to ");
            write_node(out, n->subscripts[2 * i + 1], false, false);
        }
    }
    textbuf_addc(out, ']');
}

static void write_levels(struct textbuf *out, const struct path_node *n)
{
    textbuf_addz(out, "**");
    if (n->from == 0 && n->to == PATH_LEVEL_LAST)
        return;
    textbuf_addc(out, '{');
    for (int i = 0; i < (n->from == n->to ? 1 : 2); i++) {
        uint32_t l = i ? n->to : n->from;
        if (i)
            textbuf_addz(out, " to ");
        if (l == PATH_LEVEL_LAST)
            textbuf_addz(out, "last");
        else
            textbuf_printf(out, "%u", l);
    }
    textbuf_addc(out, '}');
}

static void write_wrapped(struct textbuf *out, const char *before, const struct path_node *n,
                          const char *after)
{
    textbuf_addz(out, before);
    write_node(out, n, false, false);
    textbuf_addz(out, after);
}

static void write_operation(struct textbuf *out, const struct path_node *n, bool brackets)
{
    if (brackets)
        textbuf_addc(out, '(');
    if (n->kind == PATH_PLUS || n->kind == PATH_MINUS)
        textbuf_addc(out, n->kind == PATH_PLUS ? '+' : '-');
    write_operand(out, n, n->left);
    if (n->kind == PATH_LIKE_REGEX) {
        textbuf_addz(out, " like_regex ");
        json_write_string(out, n->text);
        if (n->flags.n) {
            textbuf_addz(out, " flag ");
            json_write_string(out, n->flags);
        }
    } else if (n->right) {
        textbuf_printf(out, " %s ", operator_text(n->kind));
        write_operand(out, n, n->right);
    }
    if (brackets)
        textbuf_addc(out, ')');
}

static void write_node(struct textbuf *out, const struct path_node *n, bool in_key, bool brackets)
{
    switch (n->kind) {
    case PATH_NULL:
        textbuf_addz(out, "null");
        break;
    case PATH_BOOL:
        textbuf_addz(out, n->boolean ? "true" : "false");
        break;
    case PATH_NUMBER:
        textbuf_addz(out, n->next ? "(" : "");
        textbuf_add(out, n->text.p, n->text.n);
        textbuf_addz(out, n->next ? ")" : "");
        break;
    case PATH_STRING:
        json_write_string(out, n->text);
        break;
    case PATH_VARIABLE:
        textbuf_addc(out, '$');
        json_write_string(out, n->text);
        break;
    case PATH_KEY:
        if (in_key)
            textbuf_addc(out, '.');
        json_write_string(out, n->text);
        break;
    case PATH_ROOT:
        textbuf_addc(out, '$');
        break;
    case PATH_CURRENT:
        textbuf_addc(out, '@');
        break;
    case PATH_LAST:
        textbuf_addz(out, "last");
        break;
    case PATH_NOT:
        write_wrapped(out, "!(", n->left, ")");
        break;
    case PATH_IS_UNKNOWN:
        write_wrapped(out, "(", n->left, ") is unknown");
        break;
    case PATH_EXISTS:
        write_wrapped(out, "exists (", n->left, ")");
        break;
    case PATH_FILTER:
        write_wrapped(out, "?(", n->left, ")");
        break;
    case PATH_ANY_KEY:
        textbuf_addz(out, in_key ? ".*" : "*");
        break;
    case PATH_ANY_ELEMENT:
        textbuf_addz(out, "[*]");
        break;
    case PATH_INDEX:
        write_subscripts(out, n);
        break;
    case PATH_ANY:
        if (in_key)
            textbuf_addc(out, '.');
        write_levels(out, n);
        break;
    case PATH_TYPE:
        textbuf_addz(out, ".type()");
        break;
    case PATH_SIZE:
        textbuf_addz(out, ".size()");
        break;
    case PATH_ABS:
        textbuf_addz(out, ".abs()");
        break;
    case PATH_FLOOR:
        textbuf_addz(out, ".floor()");
        break;
    case PATH_CEILING:
        textbuf_addz(out, ".ceiling()");
        break;
    case PATH_DOUBLE:
        textbuf_addz(out, ".double()");
        break;
    case PATH_DATETIME:
        textbuf_addz(out, ".datetime(");
        if (n->text.p)
            json_write_string(out, n->text);
        textbuf_addc(out, ')');
        break;
    case PATH_KEYVALUE:
        textbuf_addz(out, ".keyvalue()");
        break;
    default:
        write_operation(out, n, brackets);
    }
    if (n->next)
        write_node(out, n->next, true, true);
}

void jsonpath_write(struct textbuf *out, const struct jsonpath *p)
{
    if (p->strict)
        textbuf_addz(out, "strict ");
    write_node(out, p->root, false, true);
}
