/*
 * explain_format.c: EXPLAIN in JSON, XML and YAML: the same properties in the same order, three ways to write them.
 */
#include <stdio.h>
#include <string.h>

#include "sql/base/strbuf.h"
#include "sql/session/explain.h"

struct writer {
    struct strbuf *b;
    enum explain_format format;
    int indent;
    bool first; /* nothing stands yet in the group at hand */
};

static void spaces(struct writer *w)
{
    strbuf_printf(w->b, "%*s", w->indent * 2, "");
}

static void json_string(struct strbuf *b, const char *s)
{
    strbuf_addc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_addc(b, '\\');
        if ((unsigned char)*s < 32)
            strbuf_printf(b, "\\u%04x", *s);
        else
            strbuf_addc(b, *s);
    }
    strbuf_addc(b, '"');
}

static void xml_text(struct strbuf *b, const char *s)
{
    for (; *s; s++) {
        const char *name = *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '&' ? "&amp;" : NULL;
        if (name)
            strbuf_addz(b, name);
        else
            strbuf_addc(b, *s);
    }
}

/* XML names have no blanks. */
static void xml_tag(struct writer *w, const char *name, bool end)
{
    strbuf_addz(w->b, end ? "</" : "<");
    for (; *name; name++)
        strbuf_addc(w->b, *name == ' ' ? '-' : *name);
    strbuf_addc(w->b, '>');
}

/* What comes before an item of the group at hand. */
static void item(struct writer *w)
{
    if (w->format == EXPLAIN_JSON)
        strbuf_addz(w->b, w->first ? "\n" : ",\n");
    else if (w->format == EXPLAIN_XML || !w->first)
        strbuf_addz(w->b, "\n");
    if (w->format != EXPLAIN_YAML || !w->first)
        spaces(w);
    w->first = false;
}

static void property(struct writer *w, const char *name, const char *value, bool quoted)
{
    item(w);
    if (w->format == EXPLAIN_XML) {
        xml_tag(w, name, false);
        xml_text(w->b, value);
        xml_tag(w, name, true);
        return;
    }
    if (w->format == EXPLAIN_JSON)
        json_string(w->b, name);
    else
        strbuf_addz(w->b, name);
    strbuf_addz(w->b, ": ");
    if (quoted)
        json_string(w->b, value);
    else
        strbuf_addz(w->b, value);
}

static void text(struct writer *w, const char *name, const char *value)
{
    if (value)
        property(w, name, value, true);
}

static void number(struct writer *w, const char *name, double value, int digits)
{
    char buf[40];
    snprintf(buf, sizeof(buf), "%.*f", digits, value);
    property(w, name, buf, false);
}

static void flag(struct writer *w, const char *name, bool value)
{
    property(w, name, value ? "true" : "false", false);
}

/* A group: an object (name NULL inside a list), or a list of such. */
static void group_begin(struct writer *w, const char *name, bool list)
{
    if (w->format == EXPLAIN_YAML && !name) {
        strbuf_addz(w->b, "\n");
        spaces(w);
        strbuf_addz(w->b, "- ");
        w->indent++;
        w->first = true;
        return;
    }
    item(w);
    if (w->format == EXPLAIN_XML) {
        xml_tag(w, name ? name : "Plan", false);
    } else if (w->format == EXPLAIN_JSON) {
        if (name) {
            json_string(w->b, name);
            strbuf_addz(w->b, ": ");
        }
        strbuf_addz(w->b, list ? "[" : "{");
    } else {
        strbuf_printf(w->b, "%s: ", name);
    }
    w->indent++;
    w->first = w->format != EXPLAIN_YAML;
}

static void group_end(struct writer *w, const char *name, bool list)
{
    w->indent--;
    if (w->format != EXPLAIN_YAML) {
        strbuf_addz(w->b, "\n");
        spaces(w);
    }
    if (w->format == EXPLAIN_XML)
        xml_tag(w, name ? name : "Plan", true);
    else if (w->format == EXPLAIN_JSON)
        strbuf_addz(w->b, list ? "]" : "}");
    w->first = false;
}

static void plan_node(struct writer *w, const struct explain_tree *t, const struct explain_node *n,
                      const struct explain_run *run, uint64_t rows, int depth)
{
    const struct explain_options *o = &run->options;
    text(w, "Node Type", n->type);
    if (depth)
        text(w, "Parent Relationship", n->title ? "SubPlan" : "Outer");
    text(w, "Subplan Name", n->title);
    flag(w, "Parallel Aware", false);
    flag(w, "Async Capable", false);
    text(w, "Index Name", n->index);
    text(w, "Relation Name", n->relation);
    text(w, "Alias", n->alias ? n->alias : n->relation);
    if (o->costs) {
        number(w, "Startup Cost", n->startup, 2);
        number(w, "Total Cost", n->total, 2);
        number(w, "Plan Rows", n->rows, 0);
        number(w, "Plan Width", n->width, 0);
    }
    if (o->analyze && !depth) {
        if (o->timing) {
            number(w, "Actual Startup Time", 0, 3);
            number(w, "Actual Total Time", (double)run->elapsed_ns / 1e6, 3);
        }
        number(w, "Actual Rows", (double)rows, 0);
        number(w, "Actual Loops", 1, 0);
    }
    if (!depth && o->verbose) { /* what a client may want to know of the result: one item a column */
        group_begin(w, "Output", true);
        for (int i = 0; i < t->program->nfields; i++) {
            const char *name = t->program->fields[i].name ? t->program->fields[i].name : "?column?";
            item(w);
            if (w->format == EXPLAIN_XML) {
                xml_tag(w, "Item", false);
                xml_text(w->b, name);
                xml_tag(w, "Item", true);
            } else {
                strbuf_addz(w->b, w->format == EXPLAIN_YAML ? "- " : "");
                json_string(w->b, name);
            }
        }
        group_end(w, "Output", true);
    }
    text(w, n->label ? n->label : "", n->label ? n->detail : NULL);
    text(w, "Index Filter", n->index_filter);
    text(w, "Filter", n->filter);
    text(w, "Work", n->work);
    if (!n->n)
        return;
    group_begin(w, "Plans", true);
    for (int i = 0; i < n->n; i++) {
        group_begin(w, NULL, false);
        plan_node(w, t, n->children[i], run, rows, depth + 1);
        group_end(w, NULL, false);
    }
    group_end(w, "Plans", true);
}

void explain_format_begin(struct strbuf *b, enum explain_format format)
{
    if (format == EXPLAIN_JSON)
        strbuf_addz(b, "[");
    else if (format == EXPLAIN_XML)
        strbuf_addz(b, "<explain xmlns=\"http://www.postgresql.org/2009/explain\">");
}

void explain_format_end(struct strbuf *b, enum explain_format format)
{
    if (format == EXPLAIN_JSON)
        strbuf_addz(b, "\n]");
    else if (format == EXPLAIN_XML)
        strbuf_addz(b, "\n</explain>");
}

void explain_format_plan(struct strbuf *b, const struct explain_tree *t, const struct explain_node *top,
                         const struct explain_run *run, uint64_t rows, int place)
{
    struct writer w = {.b = b, .format = run->options.format, .indent = 1, .first = place == 0};
    if (w.format == EXPLAIN_YAML) {
        w.indent = 0;
        strbuf_addz(b, place ? "\n- " : "- ");
        w.indent = 1;
        w.first = true;
    } else {
        group_begin(&w, w.format == EXPLAIN_XML ? "Query" : NULL, false);
    }
    group_begin(&w, "Plan", false);
    if (w.format == EXPLAIN_YAML)
        strbuf_addz(b, "");
    plan_node(&w, t, top, run, rows, 0);
    group_end(&w, "Plan", false);
    if (run->options.summary) {
        number(&w, "Planning Time", (double)run->planning_ns / 1e6, 3);
    }
    if (run->options.analyze) {
        group_begin(&w, "Triggers", true);
        group_end(&w, "Triggers", true);
        if (run->options.summary)
            number(&w, "Execution Time", (double)run->elapsed_ns / 1e6, 3);
    }
    if (w.format != EXPLAIN_YAML)
        group_end(&w, w.format == EXPLAIN_XML ? "Query" : NULL, false);
}
