/*
 * vector_wire.c - the vector engine over the wire beside pgvector in one run; run by tests/bench/vector.
 *
 *   vector_wire DATA METRIC CONNINFO [CONNINFO-OF-PGVECTOR] [--rows N] [--queries N] [--no-hnsw]
 *
 * Every figure of a query is the mean over the queries of the shortest of ROUNDS runs each, both servers in turn, so that other
 * work on the machine disturbs both alike and little. Recall is recall@10 against exact answers. One connection a server,
 * prepared statements, vectors as text.
 */
#include <libpq-fe.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/vector/dataset.h"

enum { K = 10, ROUNDS = 3, MAX_POINTS = 16, OURS = 0, PGVECTOR = 1 };

static struct dataset set;
static PGconn *side[2];
static int sides;
static size_t rows, queries = 150;
static const char *metric, *operator, *opclass;
static char **query_text;
static bool with_hnsw = true;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(int s, const char *what)
{
    fprintf(stderr, "%s: %s: %s", s ? "pgvector" : "pgfeather", what, PQerrorMessage(side[s]));
    exit(1);
}

static double run(int s, const char *sql)
{
    double start = now();
    PGresult *r = PQexec(side[s], sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail(s, sql);
    PQclear(r);
    return now() - start;
}

static double number(int s, const char *sql)
{
    PGresult *r = PQexec(side[s], sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1)
        fail(s, sql);
    double v = atof(PQgetvalue(r, 0, 0));
    PQclear(r);
    return v;
}

static char *vector_text(const float *v)
{
    char *text = malloc(set.base.columns * 16 + 3), *p = text;
    *p++ = '[';
    for (size_t i = 0; i < set.base.columns; i++)
        p += sprintf(p, i ? ",%.9g" : "%.9g", (double)v[i]);
    strcpy(p, "]");
    return text;
}

/* Filter columns keep 1/2, 1/10 and 1/100 of the rows, whatever their vectors. */
static unsigned scatter(size_t id)
{
    return (unsigned)((id * 2654435761u >> 7) % 1000);
}

static double load(int s)
{
    char sql[300];
    run(s, "DROP TABLE IF EXISTS t");
    run(s, "CREATE EXTENSION IF NOT EXISTS vector");
    snprintf(sql, sizeof sql, "CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, lab int, emb vector(%zu))",
             set.base.columns);
    run(s, sql);
    double start = now();
    PQclear(PQexec(side[s], "COPY t FROM STDIN"));
    for (size_t i = 0; i < rows; i++) {
        char head[80], *v = vector_text(set.base.f + i * set.base.columns);
        int n = snprintf(head, sizeof head, "%zu\t%u\t%u\t%u\t%d\t", i, scatter(i) % 2, scatter(i) % 10, scatter(i) % 100,
                         set.label.f ? (int)set.label.f[i] : 0);
        PQputCopyData(side[s], head, n);
        PQputCopyData(side[s], v, (int)strlen(v));
        PQputCopyData(side[s], "\n", 1);
        free(v);
    }
    PQputCopyEnd(side[s], NULL);
    PGresult *r;
    bool ok = true;
    while ((r = PQgetResult(side[s]))) {
        ok = ok && PQresultStatus(r) == PGRES_COMMAND_OK;
        PQclear(r);
    }
    if (!ok)
        fail(s, "COPY");
    double took = now() - start;
    if (s == PGVECTOR)
        run(s, "VACUUM ANALYZE t");
    return took;
}

/* Distance of the k-th right answer: of the data set's own, or, with a filter, found here. */
static float *worst_right;

static double distance(const float *a, const float *b)
{
    double sum = 0, aa = 0, bb = 0;
    size_t d = set.base.columns;
    if (strcmp(metric, "l2") == 0) {
        for (size_t i = 0; i < d; i++)
            sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
        return sum;
    }
    for (size_t i = 0; i < d; i++) {
        sum += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    return 1 - sum / sqrt(aa * bb);
}

static bool passes(int filter, size_t id, size_t query)
{
    switch (filter) {
    case 1: return scatter(id) % 2 == 1;
    case 2: return scatter(id) % 10 == 3;
    case 3: return scatter(id) % 100 == 7;
    case 4: return set.label.f && (int)set.label.f[id] == (int)(query % 10);
    default: return true;
    }
}

static const char *const filter_sql[] = {"", "WHERE a = 1", "WHERE b = 3", "WHERE c = 7", "WHERE lab = $2::int"};

static void find_truth(int filter)
{
    free(worst_right);
    worst_right = calloc(queries, sizeof *worst_right);
    for (size_t q = 0; q < queries; q++) {
        double best[K];
        int n = 0;
        for (size_t i = 0; i < rows; i++) {
            if (!passes(filter, i, q))
                continue;
            double d = distance(set.base.f + i * set.base.columns, set.query.f + q * set.base.columns);
            if (n == K && d >= best[K - 1])
                continue;
            int at = n < K ? n++ : K - 1;
            for (; at && best[at - 1] > d; at--)
                best[at] = best[at - 1];
            best[at] = d;
        }
        worst_right[q] = (float)(n ? best[n - 1] : 0);
    }
}

struct point {
    double recall, seconds;
};

static PGresult *ask(int s, size_t q, int filter)
{
    char label[8];
    const char *values[2] = {query_text[q], label};
    snprintf(label, sizeof label, "%zu", q % 10);
    PGresult *r = PQexecPrepared(side[s], "q", filter == 4 ? 2 : 1, values, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail(s, "query");
    return r;
}

static void prepare(int s, int filter)
{
    char sql[300];
    snprintf(sql, sizeof sql, "SELECT id FROM t %s ORDER BY emb %s $1::vector LIMIT %d", filter_sql[filter], operator, K);
    run(s, "DEALLOCATE ALL");
    PGresult *r = PQprepare(side[s], "q", sql, 0, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail(s, sql);
    PQclear(r);
}

/* Both servers, or those of the mask, with `count` queries. */
static void measure(int mask, size_t count, int filter, struct point *out)
{
    double *shortest[2] = {calloc(count, sizeof(double)), calloc(count, sizeof(double))};
    double right[2] = {0};
    for (int round = 0; round < ROUNDS; round++)
        for (size_t q = 0; q < count; q++)
            for (int s = 0; s < sides; s++) {
                if (!(mask & 1 << s))
                    continue;
                double start = now();
                PGresult *r = ask(s, q, filter);
                double took = now() - start;
                if (round == 0 || took < shortest[s][q])
                    shortest[s][q] = took;
                for (int i = 0; round == 0 && i < PQntuples(r); i++) {
                    size_t id = (size_t)atol(PQgetvalue(r, i, 0));
                    double d = distance(set.base.f + id * set.base.columns, set.query.f + q * set.base.columns);
                    right[s] += passes(filter, id, q) && d <= worst_right[q] * (1 + 1e-5) + 1e-7;
                }
                PQclear(r);
            }
    for (int s = 0; s < 2; s++) {
        double sum = 0;
        for (size_t q = 0; q < count; q++)
            sum += shortest[s][q];
        out[s] = (struct point){right[s] / (double)(count * K), sum / (double)count};
        free(shortest[s]);
    }
}

/* Seconds at a recall, between the points of a sweep in order of recall, on log scale; 0: not reached. */
static double at_recall(const struct point *p, int n, double recall)
{
    double best = 0;
    for (int i = 0; i < n; i++)
        if (p[i].recall >= recall && (!best || p[i].seconds < best))
            best = p[i].seconds;
    for (int i = 0; i + 1 < n; i++)
        if (p[i].recall < recall && p[i + 1].recall > recall) {
            double f = (recall - p[i].recall) / (p[i + 1].recall - p[i].recall);
            double s = exp(log(p[i].seconds) * (1 - f) + log(p[i + 1].seconds) * f);
            if (!best || s < best)
                best = s;
        }
    return best;
}

static void report(const char *what, double ours, double theirs)
{
    if (ours > 0 && theirs > 0)
        printf("%-44s %10.0f %10.0f  %6.2fx\n", what, 1 / ours, 1 / theirs, theirs / ours);
    else
        printf("%-44s %10.0f %10s\n", what, ours > 0 ? 1 / ours : 0, theirs > 0 ? "" : "-");
    fflush(stdout);
}

static int sweep(int s, const char *setting, const int *values, int n, struct point *out)
{
    for (int i = 0; i < n; i++) {
        char sql[100];
        struct point both[2];
        snprintf(sql, sizeof sql, "SET %s = %d", setting, values[i]);
        run(s, sql);
        prepare(s, 0);
        measure(1 << s, queries, 0, both);
        out[i] = both[s];
        printf("  # %s %s = %d: recall %.4f, %.0f a second\n", s ? "pgvector" : "pgfeather", setting, values[i],
               both[s].recall, 1 / both[s].seconds);
        fflush(stdout);
        if (both[s].recall > 0.999)
            return i + 1;
    }
    return n;
}

/* Seconds. What was written is on its way to the file no more when the queries begin, on either side. */
static double build(int s, const char *method, const char *with)
{
    char sql[300];
    run(s, "DROP INDEX IF EXISTS ix");
    snprintf(sql, sizeof sql, "CREATE INDEX ix ON t USING %s (emb %s) %s", method, opclass, with);
    double took = run(s, sql);
    run(s, "CHECKPOINT");
    return took;
}

static void compare_queries(const char *name, const struct point *ours, int n, const struct point *theirs, int m)
{
    const double recalls[] = {0.90, 0.95, 0.98, 0.99};
    for (size_t i = 0; i < sizeof recalls / sizeof *recalls; i++) {
        char what[80];
        snprintf(what, sizeof what, "queries/s at recall %.2f against %s", recalls[i], name);
        report(what, at_recall(ours, n, recalls[i]), at_recall(theirs, m, recalls[i]));
    }
}

static void exact(void)
{
    struct point p[2];
    size_t count = queries < 15 ? queries : 15;
    for (int s = 0; s < sides; s++)
        prepare(s, 0);
    measure(3, count, 0, p);
    report("exact scans/s, no index", p[OURS].seconds, p[PGVECTOR].seconds);
}

static const char *const filter_names[] = {"", "1/2", "1/10", "1/100", "one class (correlated)"};

static int last_filter(void)
{
    return set.label.f ? 4 : 3;
}

static size_t filter_queries(void)
{
    return queries < 50 ? queries : 50;
}

/* The filters' columns in the index itself instead of indexes of their own, against pgvector's best. */
static void included(const struct point *theirs)
{
    struct point p[2];
    run(OURS, "DROP INDEX t_a, t_b, t_c, t_lab");
    build(OURS, "ivf", "INCLUDE (a, b, c, lab)");
    printf("# index with four included columns: %.1f MB\n", number(OURS, "SELECT pg_relation_size('ix') / 1048576.0"));
    for (int filter = 1; filter <= last_filter(); filter++) {
        char what[100];
        find_truth(filter);
        prepare(OURS, filter);
        measure(1 << OURS, filter_queries(), filter, p);
        snprintf(what, sizeof what, "included %s, recall %.3f / %.3f", filter_names[filter], p[OURS].recall, theirs[filter].recall);
        report(what, p[OURS].seconds, theirs[filter].seconds);
    }
    build(OURS, "ivf", "");
}

static void filters(void)
{
    struct point theirs[5] = {{0}};
    const int probes[] = {4, 16, 64};
    for (int s = 0; s < sides; s++)
        for (const char *c = "abc"; *c; c++) {
            char sql[100];
            snprintf(sql, sizeof sql, "CREATE INDEX t_%c ON t (%c)", *c, *c);
            run(s, sql);
        }
    for (int s = 0; s < sides; s++) {
        run(s, "CREATE INDEX t_lab ON t (lab)");
        run(s, "CHECKPOINT");
    }
    if (sides > 1) {
        run(PGVECTOR, "ANALYZE t");
        run(PGVECTOR, "SET ivfflat.iterative_scan = relaxed_order");
    }
    run(OURS, "RESET ivf.probes");
    for (int filter = 1; filter <= last_filter(); filter++) {
        struct point best[2] = {{0}}, p[2];
        size_t count = filter_queries();
        char what[100];
        find_truth(filter);
        for (int s = 0; s < sides; s++)
            prepare(s, filter);
        measure(1, count, filter, p);
        best[OURS] = p[OURS];
        for (size_t i = 0; sides > 1 && i < sizeof probes / sizeof *probes + 1; i++) {
            char sql[100];
            if (i < sizeof probes / sizeof *probes)
                snprintf(sql, sizeof sql, "SET ivfflat.probes = %d", probes[i]);
            else
                snprintf(sql, sizeof sql, "BEGIN; DROP INDEX ix"); /* its exact plan by the filter's index */
            run(PGVECTOR, sql);
            prepare(PGVECTOR, filter);
            measure(2, count, filter, p);
            bool enough = p[PGVECTOR].recall >= 0.99, had = best[PGVECTOR].recall >= 0.99;
            if ((enough && (!had || p[PGVECTOR].seconds < best[PGVECTOR].seconds)) ||
                (!enough && !had && p[PGVECTOR].recall > best[PGVECTOR].recall))
                best[PGVECTOR] = p[PGVECTOR];
            if (i == sizeof probes / sizeof *probes)
                run(PGVECTOR, "ROLLBACK");
        }
        snprintf(what, sizeof what, "filter %s, recall %.3f / %.3f", filter_names[filter], best[OURS].recall,
                 best[PGVECTOR].recall);
        report(what, best[OURS].seconds, best[PGVECTOR].seconds);
        theirs[filter] = best[PGVECTOR];
    }
    included(theirs);
    find_truth(0);
}

/* n inserted rows a transaction, `batch` a statement; seconds a row, the shortest of a few pieces. */
static double inserts(int s, int batch, int statements, size_t *next)
{
    double best = 0;
    for (int piece = 0; piece < 4; piece++) {
        double took = 0;
        for (int i = 0; i < statements; i++) {
            size_t cap = (size_t)batch * (set.base.columns * 16 + 60) + 100, n = 0;
            char *sql = malloc(cap);
            n = (size_t)sprintf(sql, "INSERT INTO t VALUES ");
            for (int k = 0; k < batch; k++, ++*next) {
                char *v = vector_text(set.base.f + (*next * 7919 % rows) * set.base.columns);
                n += (size_t)sprintf(sql + n, "%s(%zu, 1, 1, 1, 1, '%s')", k ? ", " : "", *next, v);
                free(v);
            }
            took += run(s, sql);
            free(sql);
        }
        double each = took / (batch * statements);
        if (!best || each < best)
            best = each;
    }
    return best;
}

static void changes(const char *against)
{
    static size_t next[2];
    char what[80];
    double hundreds[2] = {0}, singles[2] = {0};
    for (int s = 0; s < sides; s++) {
        if (!next[s])
            next[s] = rows;
        hundreds[s] = inserts(s, 100, 5, &next[s]);
        singles[s] = inserts(s, 1, 60, &next[s]);
    }
    snprintf(what, sizeof what, "rows/s by hundreds, against %s", against);
    report(what, hundreds[OURS], hundreds[PGVECTOR]);
    snprintf(what, sizeof what, "rows/s singly, against %s", against);
    report(what, singles[OURS], singles[PGVECTOR]);
}

static void against_ivfflat(struct point *ours, int *n)
{
    const int probes[] = {1, 2, 4, 8, 16, 32, 64, 128, 245};
    char with[40];
    struct point theirs[MAX_POINTS];
    int m = 0;
    snprintf(with, sizeof with, "WITH (lists = %d)", (int)(sqrt((double)rows) + 0.5));
    double took[2] = {build(OURS, "ivf", ""), sides > 1 ? build(PGVECTOR, "ivfflat", with) : 0};
    printf("# build: %.2f s, pgvector ivfflat %.2f s\n", took[OURS], took[PGVECTOR]);
    report("builds/hour against ivfflat", took[OURS] / 3600, took[PGVECTOR] / 3600);
    double mb[2] = {0};
    for (int s = 0; s < sides; s++)
        mb[s] = number(s, "SELECT pg_relation_size('ix') / 1048576.0");
    printf("%-44s %10.1f %10.1f  %6.2fx\n", "index MB against ivfflat", mb[0], mb[1], mb[1] / mb[0]);
    *n = sweep(OURS, "ivf.probes", probes, 9, ours);
    if (sides > 1)
        m = sweep(PGVECTOR, "ivfflat.probes", probes, 9, theirs);
    compare_queries("ivfflat", ours, *n, theirs, m);
    filters();
    changes("ivfflat");
}

static void against_hnsw(const struct point *ours, int n)
{
    const int ef[] = {10, 20, 40, 80, 160, 320, 640};
    struct point theirs[MAX_POINTS];
    if (sides < 2 || !with_hnsw)
        return;
    run(PGVECTOR, "DELETE FROM t WHERE a = 1 AND b = 1 AND c = 1 AND lab = 1");
    double took[2] = {build(OURS, "ivf", ""), build(PGVECTOR, "hnsw", "")};
    printf("# build: %.2f s, pgvector hnsw %.2f s\n", took[OURS], took[PGVECTOR]);
    report("builds/hour against hnsw", took[OURS] / 3600, took[PGVECTOR] / 3600);
    int m = sweep(PGVECTOR, "hnsw.ef_search", ef, 7, theirs);
    compare_queries("hnsw", ours, n, theirs, m);
    changes("hnsw");
}

static void no_notice(void *arg, const char *message)
{
    (void)arg, (void)message;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    metric = argv[2];
    operator = strcmp(metric, "l2") == 0 ? "<->" : "<=>";
    opclass = strcmp(metric, "l2") == 0 ? "vector_l2_ops" : "vector_cosine_ops";
    if (!dataset_read(&set, argv[1], metric)) {
        printf("%s: not there, skipped\n", argv[1]);
        return 0;
    }
    rows = set.base.rows;
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--rows") == 0)
            rows = (size_t)atol(argv[++i]);
        else if (strcmp(argv[i], "--queries") == 0)
            queries = (size_t)atol(argv[++i]);
        else if (strcmp(argv[i], "--no-hnsw") == 0)
            with_hnsw = false;
        else if (sides < 2)
            side[sides++] = PQconnectdb(argv[i]);
    }
    for (int s = 0; s < sides; s++) {
        if (PQstatus(side[s]) != CONNECTION_OK)
            fail(s, "connect");
        PQsetNoticeProcessor(side[s], no_notice, NULL);
    }
    query_text = calloc(queries, sizeof *query_text);
    for (size_t q = 0; q < queries; q++)
        query_text[q] = vector_text(set.query.f + q * set.base.columns);
    printf("\n%s, %s, %zu rows of %zu dimensions\n%-44s %10s %10s  %7s\n", argv[1], metric, rows, set.base.columns, "",
           "pgfeather", "pgvector", "ratio");
    double took[2] = {0};
    for (int s = 0; s < sides; s++)
        took[s] = load(s);
    report("rows/s by COPY", took[OURS] / (double)rows, took[PGVECTOR] / (double)rows);
    find_truth(0);
    exact();
    struct point ours[MAX_POINTS];
    int n;
    against_ivfflat(ours, &n);
    against_hnsw(ours, n);
    return 0;
}
