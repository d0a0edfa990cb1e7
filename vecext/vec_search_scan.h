/*
 * vec_search_scan.h - what a search holds, and the comparing of its query with the codes of lists; of vec_search.c and
 * vec_search_scan.c alone.
 */
#ifndef VECEXT_VEC_SEARCH_SCAN_H
#define VECEXT_VEC_SEARCH_SCAN_H

#include "vecext/vec_idset.h"
#include "vecext/vec_log.h"
#include "vecext/vec_nearest.h"
#include "vecext/vec_order.h"
#include "vecext/vec_search.h"
#include "vecext/vec_select.h"

/* A row that may be among the nearest. */
struct candidate {
    float low, estimate;
    int64_t id;
};

struct vec_search {
    struct vec_index *ix;
    struct vec_search_args args;
    struct vec_query_tables tables;
    struct vec_scan_stats stats;
    float shift;   /* score = exact score - shift (inner product: the mean's share) */
    bool overflow; /* the query's norm is not finite: no estimate means anything */
    bool whole_refs; /* the second-stage codes of the whole index fit into half of the cache: those of a list are one block */

    struct vec_order order;
    struct vec_nearest upper1, upper4, exact;
    float limit, max_score;
    struct vec_log log;
    struct vec_buf survivors, candidates, results, space;
    size_t next; /* result to hand out */
    int64_t wanted; /* rows of the last round; 0 before it */
    int lists;      /* visited in the last round */
    int64_t tested, passed; /* by args.test */
    int64_t looked_at, left; /* rows that args.where was asked about, and those that may pass it */
    struct vec_buf masks;    /* of a list's blocks, for args.where: u32 can[], u32 sure[] */
    struct vec_idset seen;  /* rows handed out (k < 0) */
};

/* Rows of these metrics are found by neighbouring ones and kept by exact distance alone. */
static inline bool vec_search_has_estimates(const struct vec_search *s)
{
    return s->ix->metric != VEC_METRIC_L1 && s->ix->metric != VEC_METRIC_JACCARD && !s->overflow;
}

/* The bound that a row must be below: that of the k nearest so far, and the greatest distance wanted. */
void vec_search_tighten(struct vec_search *s);

bool vec_search_add(struct vec_search *s, float low, float width, int64_t id, struct vec_error *err);

/* Can whole lists' second-stage codes be kept? For vec_search_new(). */
bool vec_search_codes_fit(const struct vec_index *ix);

/* Compares the rows of a list, those of the log included; the rows of a selection in it; those of the log alone. */
bool vec_search_scan_list(struct vec_search *s, int64_t list, struct vec_error *err);
/* The same rows by their second-stage codes alone: few rows of a block are not worth its one-bit codes. Should the list be compared
 * so? The codes, on their way from memory. */
bool vec_search_by_codes(const struct vec_search *s, const struct vec_selection *selection, int64_t list);
bool vec_search_ask_codes(struct vec_search *s, const struct vec_selection *selection, int64_t list,
                          const struct vec_block **codes, struct vec_error *err);
bool vec_search_scan_codes(struct vec_search *s, const struct vec_selection *selection, int64_t list,
                           const struct vec_block *codes, struct vec_error *err);
bool vec_search_scan_selected(struct vec_search *s, struct vec_selection *selection, int64_t list, struct vec_error *err);
bool vec_search_scan_log(struct vec_search *s, int64_t list, struct vec_error *err);

#endif
