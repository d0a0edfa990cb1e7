/* value.c: see value.h. */
#include "sql/types/value.h"

#include <math.h>

double value_get_real(const struct value *v)
{
    switch (v->kind) {
    case VALUE_REAL:
        return v->d;
    case VALUE_INT:
        return (double)v->i;
    default:
        return NAN; /* the only text a float column holds is 'NaN' */
    }
}
