/* func.c: helpers of func.h, and the table of implementations by internal name. */
#include "sql/types/func.h"

#include <string.h>

#include "sql/base/log.h"
#include "sql/types/routine.h"

char *fcall_arg_cstring(struct fcall *f, int i)
{
    const struct value *v = &f->args[i];
    if (v->kind != VALUE_TEXT && v->kind != VALUE_BLOB)
        return arena_strdup(f->arena, "");
    return arena_strndup(f->arena, v->p, v->n);
}

void fcall_return_text(struct fcall *f, const char *p, size_t n)
{
    char *copy = arena_try(f->arena, n + 1);
    if (!copy)
        return;
    memcpy(copy, p, n);
    f->result = value_text(copy, n);
}

void fcall_return_textz(struct fcall *f, const char *p)
{
    fcall_return_text(f, p, strlen(p));
}

bool fcall_invoke(struct fcall *f, const struct fn_impl *impl, const struct value *args, int nargs,
                  const uint32_t *argtypes, uint32_t rettype, struct value *result)
{
    struct fcall g = {.args = args,
                      .nargs = nargs,
                      .err = f->err,
                      .arena = f->arena,
                      .ctx = f->ctx,
                      .argtypes = argtypes,
                      .rettype = rettype,
                      .collation = f->collation,
                      .impl = impl};
    impl->call(&g);
    if (g.cache && g.cache_free)
        g.cache_free(g.cache);
    *result = g.result;
    return fcall_check(f);
}

/* --- implementations by name ------------------------------------------------------------ */

#define FAMILY(table) extern const struct fn_impl table[];
#define COLLATIONS(table)
#define COLLATION_GENERATOR(prefix, function)
#include "sql/types/families.def"
#undef FAMILY
#define FAMILY(table) table,
static const struct fn_impl *const families[] = {
#include "sql/types/families.def"
    NULL};
#undef FAMILY
#undef COLLATIONS
#undef COLLATION_GENERATOR

/* Open addressing; four times PostgreSQL's number of internal functions, so it never fills. */
#define IMPL_SLOTS 16384

static struct impl_slot {
    const struct fn_impl *impl;
    struct fn_traits traits;
} impl_slots[IMPL_SLOTS];
static int impl_count;

static struct impl_slot *impl_slot(const char *name)
{
    uint32_t h = 2166136261u;
    for (const char *p = name; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    uint32_t i = h % IMPL_SLOTS;
    while (impl_slots[i].impl && strcmp(impl_slots[i].impl->name, name) != 0)
        i = (i + 1) % IMPL_SLOTS;
    return &impl_slots[i];
}

void fn_impl_add_family(const struct fn_impl *table)
{
    for (const struct fn_impl *impl = table; impl->name; impl++) {
        struct impl_slot *s = impl_slot(impl->name);
        if (s->impl == impl)
            continue;
        if (s->impl)
            log_fatal("two implementations of %s", impl->name);
        if (++impl_count > IMPL_SLOTS / 2)
            log_fatal("too many function implementations");
        s->impl = impl;
        s->traits = (struct fn_traits){.strict = false, .volatility = 'i', .ncolumns = impl->srf && impl->srf->open_columns ? 0 : 1};
    }
}

void fn_impl_add_builtin_families(void)
{
    for (int i = 0; families[i]; i++)
        fn_impl_add_family(families[i]);
}

const struct fn_impl *fn_impl_find(const char *name)
{
    return impl_slot(name)->impl;
}

void fn_impl_set_traits(const struct fn_impl *impl, const struct fn_traits *traits)
{
    impl_slot(impl->name)->traits = *traits;
}

const struct fn_traits *fn_impl_traits(const struct fn_impl *impl)
{
    if (impl->flags & FN_USER)
        return &((const struct user_impl *)impl)->traits;
    return &impl_slot(impl->name)->traits;
}
