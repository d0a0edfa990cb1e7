/* utility_opclass.c: CREATE OPERATOR CLASS and FAMILY, ALTER OPERATOR FAMILY: names and types; command/ looks the rest up. */
#include "sql/analyze/utility_internal.h"

#include <string.h>

enum { ITEM_OPERATOR = 1, ITEM_FUNCTION = 2, ITEM_STORAGE = 3 };

static bool type_of(struct pstate *ps, const PgQuery__Node *n, uint32_t *type)
{
    int32_t typmod;
    return typename_type(ps, n->type_name, type, &typmod) || utility_without_position(ps);
}

static bool types_of(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, struct opclass_item *out)
{
    if (n > 2) {
        parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "one or two argument types must be specified");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (nodes[i]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME && !type_of(ps, nodes[i], &out->types[i]))
            return false;
        out->ntypes++;
    }
    return true;
}

static bool item(struct pstate *ps, const PgQuery__CreateOpClassItem *i, struct create_opclass *c)
{
    struct opclass_item *out = &c->items[c->nitems];
    *out = (struct opclass_item){.number = i->number};
    if (i->itemtype == ITEM_STORAGE) {
        int32_t typmod;
        if (!c->type) {
            parse_error(ps, ERRCODE_SYNTAX_ERROR, -1, "STORAGE cannot be specified in ALTER OPERATOR FAMILY");
            return false;
        }
        if (c->storage) {
            parse_error(ps, ERRCODE_INVALID_OBJECT_DEFINITION, -1, "storage type specified more than once");
            return false;
        }
        return typename_type(ps, i->storedtype, &c->storage, &typmod) || utility_without_position(ps);
    }
    c->nitems++;
    if (i->name)
        out->name = utility_name(ps, i->name->objname, i->name->n_objname, -1);
    if (i->n_order_family)
        out->sort_family = utility_name(ps, i->order_family, i->n_order_family, -1);
    if (i->itemtype == ITEM_OPERATOR) {
        out->kind = 'o';
        return i->name ? types_of(ps, i->name->objargs, i->name->n_objargs, out)
                       : types_of(ps, i->class_args, i->n_class_args, out);
    }
    out->kind = 'f';
    if (i->name) {
        const struct proc *p = lookup_func_with_args(ps, i->name, 0, false);
        if (!p)
            return utility_without_position(ps);
        out->function = p->oid;
    }
    return types_of(ps, i->class_args, i->n_class_args, out);
}

static bool items(struct pstate *ps, PgQuery__Node *const *nodes, size_t n, struct create_opclass *c)
{
    c->items = ARENA_ARRAY(ps->a->arena, struct opclass_item, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!item(ps, nodes[i]->create_op_class_item, c) || parse_failed(ps))
            return false;
    return true;
}

bool utility_create_opclass(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateOpClassStmt *s = n->create_op_class_stmt;
    struct create_opclass *c = &u->create_opclass;
    int32_t typmod;
    c->name = utility_name(ps, s->opclassname, s->n_opclassname, -1);
    if (s->n_opfamilyname)
        c->family = utility_name(ps, s->opfamilyname, s->n_opfamilyname, -1);
    c->method = utility_string(ps, s->amname);
    c->is_default = s->is_default;
    return (typename_type(ps, s->datatype, &c->type, &typmod) || utility_without_position(ps)) && items(ps, s->items, s->n_items, c);
}

bool utility_create_opfamily(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__CreateOpFamilyStmt *s = n->create_op_family_stmt;
    u->create_opclass.name = utility_name(ps, s->opfamilyname, s->n_opfamilyname, -1);
    u->create_opclass.method = utility_string(ps, s->amname);
    return !parse_failed(ps);
}

bool utility_alter_opfamily(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    const PgQuery__AlterOpFamilyStmt *s = n->alter_op_family_stmt;
    struct create_opclass *c = &u->create_opclass;
    c->name = utility_name(ps, s->opfamilyname, s->n_opfamilyname, -1);
    c->method = utility_string(ps, s->amname);
    c->drop = s->is_drop;
    return items(ps, s->items, s->n_items, c);
}
