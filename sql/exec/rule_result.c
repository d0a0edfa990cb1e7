/* rule_result.c: see rule_result.h. */
#include "sql/exec/rule_result.h"

#include <stdlib.h>

#include "sql/base/log.h"

struct rowset *rule_results_rows(struct rule_results *all, struct plan *plan)
{
    struct rule_result **at = &all->first;
    for (; *at; at = &(*at)->next)
        if ((*at)->plan == plan)
            return (*at)->rows;
    struct rule_result *r = calloc(1, sizeof(*r));
    if (!r)
        log_fatal("out of memory");
    r->plan = plan_ref(plan);
    r->rows = rowset_create(plan->program->nfields);
    *at = r;
    return r->rows;
}

struct rule_result *rule_results_take(struct rule_results *all)
{
    struct rule_result *r = all->first;
    if (r)
        all->first = r->next;
    return r;
}

void rule_result_free(struct rule_result *r)
{
    plan_unref(r->plan);
    rowset_destroy(r->rows);
    free(r);
}
