/* any_func.c: functions of values of any type: num_nulls. */
#include "sql/types/array.h"

/* --- num_nulls, num_nonnulls ------------------------------------------------------------------------- */

static void count_nulls(struct fcall *f, bool nulls)
{
    const struct value *values = f->args;
    int total = f->nargs, n = 0;
    struct array a;
    if (f->variadic) {
        if (ARG_NULL(f, 0) || !array_read_arg(f, 0, &a))
            return;
        values = a.items;
        total = a.n;
    }
    for (int i = 0; i < total; i++)
        n += value_is_null(&values[i]) == nulls;
    f->result = value_int(n);
}

static void pg_num_nulls(struct fcall *f)
{
    count_nulls(f, true);
}

static void pg_num_nonnulls(struct fcall *f)
{
    count_nulls(f, false);
}

const struct fn_impl any_functions[] = {
    {"pg_num_nulls", .call = pg_num_nulls, .flags = FN_TYPED},
    {"pg_num_nonnulls", .call = pg_num_nonnulls, .flags = FN_TYPED},
    {NULL},
};
