/*
 * utility_transaction.c: BEGIN, COMMIT, ROLLBACK, SAVEPOINT and kin; transaction modes, which SET
 * TRANSACTION shares.
 */
#include "sql/analyze/utility_internal.h"

#include <string.h>

bool utility_modes(struct pstate *ps, PgQuery__Node *const *nodes, size_t n,
                   struct transaction_modes *modes)
{
    *modes = (struct transaction_modes){.read_only = -1, .deferrable = -1};
    for (size_t i = 0; i < n; i++) {
        const PgQuery__DefElem *d = nodes[i]->def_elem;
        const char *value = utility_value_text(ps, d->arg);
        if (!strcmp(d->defname, "transaction_isolation"))
            modes->isolation = value;
        else if (!strcmp(d->defname, "transaction_read_only"))
            modes->read_only = value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
        else if (!strcmp(d->defname, "transaction_deferrable"))
            modes->deferrable = value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
        else
            return utility_refuse(ps, d->location, d->defname);
    }
    return true;
}

bool utility_transaction(struct pstate *ps, const PgQuery__Node *n, struct utility *u)
{
    static const struct {
        PgQuery__TransactionStmtKind raw;
        enum transaction_kind kind;
        const char *tag;
    } kinds[] = {
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN, TXN_BEGIN, "BEGIN"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START, TXN_START, "START TRANSACTION"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT, TXN_COMMIT, "COMMIT"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK, TXN_ROLLBACK, "ROLLBACK"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT, TXN_SAVEPOINT, "SAVEPOINT"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE, TXN_RELEASE, "RELEASE"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO, TXN_ROLLBACK_TO, "ROLLBACK"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE, TXN_PREPARE, "PREPARE TRANSACTION"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED, TXN_COMMIT_PREPARED,
         "COMMIT PREPARED"},
        {PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED, TXN_ROLLBACK_PREPARED,
         "ROLLBACK PREPARED"},
    };
    const PgQuery__TransactionStmt *s = n->transaction_stmt;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].raw != s->kind)
            continue;
        u->transaction.kind = kinds[i].kind;
        u->tag = kinds[i].tag;
        u->transaction.name = utility_string(ps, *s->gid ? s->gid : s->savepoint_name);
        u->transaction.chain = s->chain;
        return utility_modes(ps, s->options, s->n_options, &u->transaction.modes);
    }
    return utility_refuse(ps, -1, "this transaction statement");
}
