/* deparse_xml.c: the expressions of SQL/XML as PostgreSQL text; analysis (parse_xml.c) made them calls of xmlexpr_... functions. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sql/emit/deparser.h"
#include "sql/types/xml.h"

/* The identifier that an XML name stands for: _xHHHH_ is a character. */
static void xml_identifier(struct deparser *p, const struct expr *name)
{
    struct strbuf b = {0};
    const char *s = name->constant.value.p, *end = s + name->constant.value.n;
    while (s < end) {
        unsigned c = 0;
        int used = 0;
        if (end - s >= 7 && s[0] == '_' && s[1] == 'x' && s[6] == '_' && isxdigit((unsigned char)s[2]) &&
            sscanf(s, "_x%4X_%n", &c, &used) == 1 && used == 7) {
            char utf8[4];
            int n = utf8_encode(c, utf8);
            strbuf_add(&b, utf8, (size_t)n);
            s += 7;
        } else {
            strbuf_addc(&b, *s++);
        }
    }
    deparse_name(p, b.data ? b.data : "");
    strbuf_free(&b);
}

static void named(struct deparser *p, const struct expr_list *args, int from, int n)
{
    for (int i = 0; i < n; i++) {
        deparse_z(p, i ? ", " : "");
        deparse_node(p, args->items[from + 2 * i + 1], true);
        deparse_z(p, " AS ");
        xml_identifier(p, args->items[from + 2 * i]);
    }
}

static void plain(struct deparser *p, const struct expr_list *args, int from, bool comma)
{
    for (int i = from; i < args->n; i++) {
        deparse_z(p, comma || i > from ? ", " : "");
        deparse_node(p, args->items[i], true);
    }
}

static int int_arg(const struct expr_list *args, int i)
{
    const struct expr *e = args->items[i];
    return e->kind == EXPR_CONST ? (int)value_integer(&e->constant.value) : 0;
}

static void element(struct deparser *p, const struct expr_list *args)
{
    int n = int_arg(args, 1);
    deparse_z(p, "XMLELEMENT(NAME ");
    xml_identifier(p, args->items[0]);
    if (n) {
        deparse_z(p, ", XMLATTRIBUTES(");
        named(p, args, 2, n);
        deparse_z(p, ")");
    }
    plain(p, args, 2 + 2 * n, true);
    deparse_z(p, ")");
}

static void root(struct deparser *p, const struct expr_list *args)
{
    static const char *const standalone[] = {", STANDALONE YES", ", STANDALONE NO", ", STANDALONE NO VALUE", ""};
    const struct expr *version = args->items[1];
    deparse_z(p, "XMLROOT(");
    deparse_node(p, args->items[0], true);
    deparse_z(p, ", VERSION ");
    if (version->kind == EXPR_CONST && value_is_null(&version->constant.value))
        deparse_z(p, "NO VALUE");
    else
        deparse_node(p, version, false);
    deparse_z(p, standalone[int_arg(args, 2) & 3]);
    deparse_z(p, ")");
}

/* In parentheses that stay when the text is made pretty. */
static void in_parentheses(struct deparser *p, const char *before, const struct expr *e)
{
    deparse_z(p, before);
    deparse_z(p, "(");
    deparse_node(p, e, true);
    deparse_z(p, ")");
}

static void table_column(struct deparser *p, const struct column_def *c, char flag, const struct expr *path, const struct expr *otherwise)
{
    deparse_name(p, c->name);
    if (flag == XML_TABLE_ORDINALITY) {
        deparse_z(p, " FOR ORDINALITY");
        return;
    }
    deparse_z(p, " ");
    deparse_type_name(p, c->type, c->typmod);
    if (otherwise->kind != EXPR_CONST || !value_is_null(&otherwise->constant.value))
        in_parentheses(p, " DEFAULT ", otherwise);
    /* A column renamed by the alias is found by the name it had. */
    bool renamed = path->kind == EXPR_CONST && !slice_is((struct slice){path->constant.value.p, path->constant.value.n}, c->name);
    if (flag == XML_TABLE_PATH || flag == XML_TABLE_PATH_NOT_NULL || renamed)
        in_parentheses(p, " PATH ", path);
    deparse_z(p, flag == XML_TABLE_NOT_NULL || flag == XML_TABLE_PATH_NOT_NULL ? " NOT NULL" : "");
}

bool deparse_xml_table(struct deparser *p, const struct rte *t)
{
    const struct expr *e = t->function.n == 1 ? t->function.calls[0] : NULL;
    if (!e || e->kind != EXPR_FUNC || strcmp(e->func.proc->name, "xmlexpr_table") != 0)
        return false;
    struct expr *const *args = e->func.args.items;
    const struct expr_list *namespaces = &args[2]->list.args;
    deparse_z(p, t->lateral ? "LATERAL XMLTABLE(" : "XMLTABLE(");
    for (int i = 0; i + 1 < namespaces->n; i += 2) {
        const struct value *name = &namespaces->items[i]->constant.value;
        deparse_z(p, i ? ", " : "XMLNAMESPACES (");
        deparse_z(p, value_is_null(name) ? "DEFAULT " : "");
        deparse_node(p, namespaces->items[i + 1], true);
        deparse_z(p, value_is_null(name) ? "" : " AS ");
        if (!value_is_null(name))
            deparse_name(p, name->p);
    }
    deparse_z(p, namespaces->n ? "), " : "");
    in_parentheses(p, "", args[0]);
    in_parentheses(p, " PASSING ", args[1]);
    for (int i = 0; i < t->ncolumns; i++) {
        deparse_z(p, i ? ", " : " COLUMNS ");
        table_column(p, &t->columns[i], args[5]->constant.value.p[i], args[3]->list.args.items[i], args[4]->list.args.items[i]);
    }
    deparse_z(p, ")");
    return true;
}

bool deparse_xml(struct deparser *p, const struct expr *e)
{
    const char *name = e->func.proc->name;
    const struct expr_list *args = &e->func.args;
    if (strncmp(name, "xmlexpr_", 8) != 0)
        return false;
    name += 8;
    if (strcmp(name, "element") == 0) {
        element(p, args);
    } else if (strcmp(name, "root") == 0) {
        root(p, args);
    } else if (strcmp(name, "document") == 0) {
        deparse_paren(p, args->items[0], false, e);
        deparse_z(p, " IS DOCUMENT");
    } else if (strcmp(name, "concat") == 0) {
        deparse_z(p, "XMLCONCAT(");
        plain(p, args, 0, false);
        deparse_z(p, ")");
    } else if (strcmp(name, "forest") == 0) {
        deparse_z(p, "XMLFOREST(");
        named(p, args, 0, args->n / 2);
        deparse_z(p, ")");
    } else if (strcmp(name, "pi") == 0) {
        deparse_z(p, "XMLPI(NAME ");
        xml_identifier(p, args->items[0]);
        plain(p, args, 1, true);
        deparse_z(p, ")");
    } else {
        bool parse = strcmp(name, "parse") == 0;
        deparse_z(p, parse ? "XMLPARSE(" : "XMLSERIALIZE(");
        deparse_z(p, int_arg(args, 1) ? "DOCUMENT " : "CONTENT ");
        deparse_node(p, args->items[0], true);
        if (parse) {
            deparse_z(p, int_arg(args, 2) ? " PRESERVE WHITESPACE)" : " STRIP WHITESPACE)");
        } else {
            deparse_z(p, " AS ");
            deparse_type_name(p, (uint32_t)int_arg(args, 2), int_arg(args, 3));
            deparse_z(p, ")");
        }
    }
    return true;
}
