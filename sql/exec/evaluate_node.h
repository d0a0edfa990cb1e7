/* evaluate_node.h: the nodes of an evaluation, between evaluate.c, which makes them, and evaluate_run.c, which runs them. */
#ifndef PGF_EXEC_EVALUATE_NODE_H
#define PGF_EXEC_EVALUATE_NODE_H

#include "sql/exec/evaluate.h"

struct run {
    struct eval_context *ctx;
    const struct value *params;
    struct arena *arena;
    struct error *err;
    struct value test; /* the tested value of a simple CASE */
};

struct node;
typedef bool node_fn(const struct node *n, struct run *r, struct value *out);

struct node {
    node_fn *fn;
    const struct node **args;
    int nargs;
    int number; /* parameter, operator of a comparison, kind of a test */
    bool strict, flag;
    struct value value;
    const struct fn_impl *impl;
    const uint32_t *argtypes; /* FN_TYPED */
    uint32_t rettype;
    bool variadic;
    const struct type_def *type; /* compared */
    void **cache;                /* FN_CACHE: what it keeps, and how to end it; NULL when shared */
    void (**cache_free)(void *);
    struct plan *plan; /* a statement of its own */
    int nparams;       /* of it that are the whole statement's */
};

static inline bool eval(const struct node *n, struct run *r, struct value *out)
{
    return n->fn(n, r, out);
}

/* What run_compare's number says; evaluate.c knows the templates by the same order. */
enum { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

/* The node of an operator on two integers by its internal name, NULL if it is none; n->impl does what is unusual. */
node_fn *evaluate_int_op(const char *name);

/* The kinds of nodes: each runs its operands and sets *out; false with r->err set. */
node_fn run_const;
node_fn run_param;
node_fn run_test;
node_fn run_call;
node_fn run_compare;
node_fn run_distinct;
node_fn run_concat;
node_fn run_and_or;
node_fn run_not;
node_fn run_null_test;
node_fn run_bool_test;
node_fn run_case;
node_fn run_coalesce;
node_fn run_statement;

#endif
