/* vec_row.c - see vec_row.h. Trees and records are SQLite's (sqlite.org/fileformat2.html); nothing in a page is trusted. */
#include "vecext/vec_row.h"

#include <stdlib.h>
#include <string.h>

#include "vecext/vec_ask.h"

enum {
    PAGE_INTERIOR = 0x05,
    PAGE_LEAF = 0x0D,
    MOST_DEPTH = 20, /* of a tree; SQLite's own limit */
    PIECE = 256,     /* leaves in a part of a table */
    KEPT = 4         /* sources that a connection keeps */
};

/* --- where a column is --------------------------------------------------------------------------------------------- */

struct kept_source {
    char *table, *column; /* NULL: none */
    struct vec_row_source source; /* root 0: none can be read */
};

struct vec_row_sources {
    int64_t schema; /* version */
    sqlite3_stmt *version;
    int next; /* to be replaced */
    struct kept_source kept[KEPT];
};

static void let_go(struct kept_source *kept)
{
    free(kept->table);
    free(kept->column);
    *kept = (struct kept_source){0};
}

void vec_row_forget(struct vec_conn *conn)
{
    struct vec_row_sources *all = conn->row_sources;
    for (int i = 0; all && i < KEPT; i++)
        let_go(&all->kept[i]);
    if (all)
        sqlite3_finalize(all->version);
    free(all);
    conn->row_sources = NULL;
}

/* First column of a statement's only row; -1: none. */
static int64_t only_integer(sqlite3_stmt *stmt)
{
    int64_t value = stmt && sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_reset(stmt);
    return value;
}

static int64_t ask(struct vec_conn *conn, const char *sql, const char *table, const char *column)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return -1;
    sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, column, -1, SQLITE_STATIC);
    int64_t value = only_integer(stmt);
    sqlite3_finalize(stmt);
    return value;
}

/* The connection's sources, those of the present schema. */
static struct vec_row_sources *present_sources(struct vec_conn *conn)
{
    struct vec_row_sources *all = conn->row_sources;
    if (!all) {
        all = conn->row_sources = calloc(1, sizeof *all);
        if (!all || sqlite3_prepare_v3(conn->db, "PRAGMA main.schema_version", -1, SQLITE_PREPARE_PERSISTENT, &all->version,
                                       NULL) != SQLITE_OK)
            return NULL;
    }
    int64_t schema = only_integer(all->version);
    for (int i = 0; schema != all->schema && i < KEPT; i++)
        let_go(&all->kept[i]);
    all->schema = schema;
    return schema < 0 ? NULL : all;
}

static const struct kept_source *find_kept(const struct vec_row_sources *all, const char *table, const char *column)
{
    for (int i = 0; i < KEPT; i++)
        if (all->kept[i].table && strcmp(all->kept[i].table, table) == 0 && strcmp(all->kept[i].column, column) == 0)
            return &all->kept[i];
    return NULL;
}

/* Virtual generated columns (hidden 2) have no field. */
static const struct kept_source *keep(struct vec_conn *conn, struct vec_row_sources *all, const char *table, const char *column)
{
    struct kept_source *kept = &all->kept[all->next];
    all->next = (all->next + 1) % KEPT;
    let_go(kept);
    int64_t root = ask(conn, "SELECT rootpage FROM main.sqlite_schema WHERE type = 'table' AND name = ?1 AND ?2 IS NOT NULL",
                       table, column);
    int64_t field = ask(conn, "SELECT count(*) FROM pragma_table_xinfo(?1, 'main') AS x WHERE hidden <> 2 AND cid < "
                        "(SELECT cid FROM pragma_table_xinfo(?1, 'main') AS y WHERE name = ?2 AND hidden <> 2)", table, column);
    bool stored = ask(conn, "SELECT count(*) FROM pragma_table_xinfo(?1, 'main') AS x WHERE hidden <> 2 AND name = ?2", table,
                      column) == 1;
    kept->table = strdup(table);
    kept->column = strdup(column);
    if (!kept->table || !kept->column) {
        let_go(kept);
        return NULL;
    }
    if (root > 0 && field >= 0 && stored)
        kept->source = (struct vec_row_source){(uint32_t)root, (int)field};
    return kept;
}

bool vec_row_source_find(struct vec_conn *conn, sqlite3_stmt *stmt, int column, struct vec_row_source *source)
{
    const char *database = sqlite3_column_database_name(stmt, column), *table = sqlite3_column_table_name(stmt, column),
               *name = sqlite3_column_origin_name(stmt, column);
    if (!database || !table || !name || strcmp(database, "main") != 0)
        return false;
    struct vec_row_sources *all = present_sources(conn);
    const struct kept_source *kept = all ? find_kept(all, table, name) : NULL;
    if (all && !kept)
        kept = keep(conn, all, table, name);
    if (kept)
        *source = kept->source;
    return kept && kept->source.root != 0;
}

/* --- pages --------------------------------------------------------------------------------------------------------- */

/* A page of a tree. */
struct node {
    const unsigned char *page;
    uint32_t cells;
    uint32_t pointers; /* offset of the array of cells' offsets */
    bool leaf;
};

static uint32_t read16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* Returns the byte after it; NULL when it does not end before `end`. */
static const unsigned char *read_varint(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
    if (at < end && *at < 0x80) {
        *value = *at;
        return at + 1;
    }
    uint64_t v = 0;
    for (int i = 0; i < 8; i++, at++) {
        if (at >= end)
            return NULL;
        v = v << 7 | (*at & 0x7F);
        if (*at < 0x80) {
            *value = v;
            return at + 1;
        }
    }
    if (at >= end)
        return NULL;
    *value = v << 8 | *at;
    return at + 1;
}

/* False when it is none of a table, or cannot be had (NULL). */
static bool open_page(const struct vec_pages *pages, const unsigned char *page, struct node *n)
{
    n->page = page;
    if (!page)
        return false;
    uint32_t head = page == pages->base ? 100 : 0; /* of the file, on its first page */
    n->leaf = n->page[head] == PAGE_LEAF;
    if (!n->leaf && n->page[head] != PAGE_INTERIOR)
        return false;
    n->cells = read16(n->page + head + 3);
    n->pointers = head + (n->leaf ? 8 : 12);
    return n->pointers + 2 * n->cells <= pages->usable;
}

static bool open_node(const struct vec_pages *pages, uint32_t number, struct node *n)
{
    return open_page(pages, vec_page(pages, number), n);
}

static const unsigned char *cell_of(const struct vec_pages *pages, const struct node *n, uint32_t i)
{
    uint32_t at = read16(n->page + n->pointers + 2 * i);
    return at >= n->pointers && at + 4 <= pages->usable ? n->page + at : NULL;
}

static const unsigned char *end_of(const struct vec_pages *pages, const struct node *n)
{
    return n->page + pages->usable;
}

/* The rowid of a cell. */
static bool cell_id(const struct vec_pages *pages, const struct node *n, uint32_t i, int64_t *id)
{
    const unsigned char *cell = cell_of(pages, n, i), *end = end_of(pages, n);
    uint64_t value;
    if (cell && n->leaf)
        cell = read_varint(cell, end, &value);
    else if (cell)
        cell += 4;
    if (!cell || !read_varint(cell, end, &value))
        return false;
    *id = (int64_t)value;
    return true;
}

/* Where a cell would be if rowids were spread evenly over (before, last]: in most tables they nearly are. */
static uint32_t expected_cell(uint32_t cells, int64_t id, int64_t before, int64_t last)
{
    double part = ((double)id - (double)before) / ((double)last - (double)before + 1) * cells;
    return part >= cells ? cells - 1 : part > 0 ? (uint32_t)part : 0;
}

/* The first cell whose rowid is not below; n->cells when there is none. *before and *last, between which all rowids are, become those
 * next to it. */
static bool find_cell(const struct vec_pages *pages, const struct node *n, int64_t id, uint32_t *at, int64_t *before, int64_t *last)
{
    uint32_t low = 0, high = n->cells, middle = low < high ? expected_cell(n->cells, id, *before, *last) : 0;
    for (int step = 0; low < high; step++) {
        int64_t here;
        if (!cell_id(pages, n, middle, &here))
            return false;
        if (here < id) {
            low = middle + 1;
            *before = here;
        } else {
            high = middle;
            *last = here;
        }
        middle = step > 0 ? low + (high - low) / 2 : low > middle ? low : high - 1; /* once its neighbour, then halving */
    }
    *at = low;
    return true;
}

/* The page below an interior page's cell; that of its last pointer for n->cells. 0: damage. */
static uint32_t child_of(const struct vec_pages *pages, const struct node *n, uint32_t i)
{
    const unsigned char *at = i < n->cells ? cell_of(pages, n, i) : n->page + n->pointers - 4;
    return at ? vec_page_u32(at) : 0;
}

/* --- records ------------------------------------------------------------------------------------------------------- */

static uint64_t bytes_of_type(uint64_t type)
{
    static const unsigned char bytes[12] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < 12 ? bytes[type] : (type - 12) / 2;
}

/* Bytes of a payload that are in its cell; the rest is on a chain of pages. */
static uint64_t local_bytes(uint32_t usable, uint64_t payload)
{
    uint64_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    if (payload <= most)
        return payload;
    uint64_t bytes = least + (payload - least) % (usable - 4);
    return bytes <= most ? bytes : least;
}

/* Copies bytes [at, at + n) of a payload whose first `local` bytes are at `body`. */
static bool gather(struct vec_row_reader *r, const unsigned char *body, uint64_t local, uint64_t at, uint64_t n)
{
    uint32_t next = vec_page_u32(body + local), step = r->pages->usable - 4;
    r->space.len = 0;
    if (at < local && !vec_buf_append(&r->space, body + at, local - at, NULL))
        return false;
    for (uint64_t from = local; r->space.len < n; from += step) {
        const unsigned char *page = next ? vec_page(r->pages, next) : NULL;
        if (!page)
            return false;
        uint64_t skip = at > from ? at - from : 0, left = n - r->space.len;
        if (skip < step && !vec_buf_append(&r->space, page + 4 + skip, left < step - skip ? left : step - skip, NULL))
            return false;
        next = vec_page_u32(page);
    }
    return true;
}

/* The value of a leaf's cell; false when a statement must read it. */
static bool read_cell(struct vec_row_reader *r, const struct node *n, uint32_t i, int64_t *id, struct vec_blob *value)
{
    const unsigned char *at = cell_of(r->pages, n, i), *end = end_of(r->pages, n), *body, *header;
    uint64_t payload, rowid, bytes, type = 0, offset;
    if (!at || !(at = read_varint(at, end, &payload)) || !(body = read_varint(at, end, &rowid)))
        return false;
    *id = (int64_t)rowid;
    uint64_t local = local_bytes(r->pages->usable, payload);
    if (local + (local < payload ? 4 : 0) > (uint64_t)(end - body) || !(at = read_varint(body, body + local, &bytes)) ||
        bytes > local)
        return false;
    header = body + bytes;
    offset = bytes;
    for (int field = 0; field <= r->source.field; field++) {
        if (at >= header || !(at = read_varint(at, header, &type)))
            return false; /* a column that was added later */
        if (field < r->source.field)
            offset += bytes_of_type(type);
    }
    bytes = bytes_of_type(type);
    *value = (struct vec_blob){0};
    if (type == 0)
        return true;
    if (type < 12 || type % 2 || offset > payload || bytes > payload - offset)
        return false;
    *value = (struct vec_blob){body + offset, bytes};
    if (offset + bytes <= local)
        return true;
    if ((offset + bytes) / r->pages->usable > r->pages->count || !gather(r, body, local, offset, bytes))
        return false;
    value->data = r->space.data;
    return true;
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

void vec_row_reader_init(struct vec_row_reader *r, const struct vec_pages *pages, const struct vec_row_source *source)
{
    *r = (struct vec_row_reader){.pages = pages, .source = *source};
}

void vec_row_reader_free(struct vec_row_reader *r)
{
    vec_buf_free(&r->space);
}

void vec_row_ask(struct vec_row_reader *r, int64_t id, struct vec_row_place *place)
{
    *place = (struct vec_row_place){.id = id, .found = VEC_ROW_ELSEWHERE, .before = INT64_MIN, .last = INT64_MAX};
    const unsigned char *page = vec_page(r->pages, r->source.root);
    for (int depth = 1;; depth++) {
        struct node n;
        uint32_t at;
        if (depth == r->leaves && page) {
            __builtin_prefetch(page); /* which is a leaf, as all are so deep in a tree */
            break;
        }
        if (!open_page(r->pages, page, &n) || depth >= MOST_DEPTH)
            return;
        if (n.leaf) {
            r->leaves = depth;
            break;
        }
        if (!find_cell(r->pages, &n, id, &at, &place->before, &place->last))
            return;
        page = vec_page(r->pages, child_of(r->pages, &n, at));
    }
    place->page = page;
    place->found = VEC_ROW_READ;
}

/* Finds the cell by looking at others. */
static void look_for(struct vec_row_reader *r, const struct node *n, struct vec_row_place *place)
{
    int64_t before = place->before, last = place->last;
    place->found = find_cell(r->pages, n, place->id, &place->cell, &before, &last) ? VEC_ROW_READ : VEC_ROW_ELSEWHERE;
    if (place->found == VEC_ROW_READ && (place->cell == n->cells || last != place->id))
        place->found = VEC_ROW_GONE; /* the cell's own rowid is the last */
}

void vec_row_find(struct vec_row_reader *r, struct vec_row_place *place)
{
    struct node n;
    if (place->found != VEC_ROW_READ)
        return;
    if (!open_page(r->pages, place->page, &n) || !n.leaf) {
        place->found = VEC_ROW_ELSEWHERE;
        return;
    }
    /* Nearly always a leaf has all rowids that it may have: then the row's cell is known before any is looked at. */
    uint64_t at = (uint64_t)place->id - (uint64_t)place->before - 1;
    if (at < n.cells && (uint64_t)place->last - (uint64_t)place->before == n.cells)
        place->cell = (uint32_t)at;
    else
        look_for(r, &n, place);
    const unsigned char *cell = place->found == VEC_ROW_READ ? cell_of(r->pages, &n, place->cell) : NULL, *end = end_of(r->pages, &n);
    if (cell)
        vec_ask(cell, r->usual < (size_t)(end - cell) ? r->usual : (size_t)(end - cell));
}

enum vec_row_found vec_row_take(struct vec_row_reader *r, struct vec_row_place *place, struct vec_blob *value)
{
    struct node n;
    int64_t id;
    if (place->found != VEC_ROW_READ || !open_page(r->pages, place->page, &n))
        return place->found;
    if (!cell_id(r->pages, &n, place->cell, &id) || id != place->id) {
        look_for(r, &n, place);
        if (place->found != VEC_ROW_READ)
            return place->found;
    }
    if (!read_cell(r, &n, place->cell, &id, value))
        return VEC_ROW_ELSEWHERE;
    r->usual = value->len < r->pages->size ? value->len : r->pages->size;
    return VEC_ROW_READ;
}

enum vec_row_found vec_row_get(struct vec_row_reader *r, int64_t id, struct vec_blob *value)
{
    struct vec_row_place place;
    vec_row_ask(r, id, &place);
    vec_row_find(r, &place);
    return vec_row_take(r, &place, value);
}

static bool add_range(struct vec_buf *ranges, uint32_t page, int64_t first, int64_t last, struct vec_error *err)
{
    struct vec_row_range range = {page, first, last};
    return vec_buf_append(ranges, &range, sizeof range, err);
}

/* Does an interior page stand above leaves? Of one whose first page is out of reach it is assumed. */
static bool above_leaves(const struct vec_row_reader *r, const struct node *n)
{
    struct node child;
    return !open_node(r->pages, child_of(r->pages, n, 0), &child) || child.leaf;
}

/* The pages below an interior page that have rows of the range, each with its own; all of them, or every `step` in one range that keeps
 * the page above. */
static bool add_children(struct vec_row_reader *r, const struct node *n, const struct vec_row_range *of, uint32_t step,
                         struct vec_buf *parts, struct vec_error *err)
{
    int64_t first = of->first;
    uint32_t from;
    if (!find_cell(r->pages, n, first, &from, &(int64_t){INT64_MIN}, &(int64_t){INT64_MAX}))
        return add_range(parts, 0, first, of->last, err);
    for (uint32_t i = from + step - 1; first <= of->last; i += step) {
        int64_t last = of->last;
        i = i < n->cells ? i : n->cells;
        uint32_t child = child_of(r->pages, n, i);
        if ((i < n->cells && !cell_id(r->pages, n, i, &last)) || !child || last < first)
            return add_range(parts, 0, first, of->last, err);
        last = last < of->last ? last : of->last;
        if (!add_range(parts, step > 1 ? of->page : child, first, last, err))
            return false;
        if (last == of->last)
            return true;
        first = last + 1;
    }
    return true;
}

/* One level of the tree after another, down to the one above its leaves; that in pieces. */
static bool add_parts(struct vec_row_reader *r, const struct vec_row_range *range, int depth, struct vec_buf *parts,
                      struct vec_error *err)
{
    struct node n;
    if (depth >= MOST_DEPTH || !open_node(r->pages, range->page, &n) || n.leaf)
        return add_range(parts, range->page, range->first, range->last, err);
    if (above_leaves(r, &n))
        return add_children(r, &n, range, PIECE, parts, err);
    struct vec_buf below = {0};
    bool ok = add_children(r, &n, range, 1, &below, err);
    const struct vec_row_range *all = (const void *)below.data;
    for (size_t i = 0; ok && i < below.len / sizeof *all; i++)
        ok = add_parts(r, &all[i], depth + 1, parts, err);
    vec_buf_free(&below);
    return ok;
}

bool vec_row_parts(struct vec_row_reader *r, struct vec_buf *parts, struct vec_error *err)
{
    struct vec_row_range whole = {r->source.root, INT64_MIN, INT64_MAX};
    return add_parts(r, &whole, 0, parts, err);
}

/* A page of rows lies backwards, which processors do not foresee, and all of it asked for at once keeps them from anything else: while
 * a row is read, its share of the next page is asked for. */
static void ask_memory(const unsigned char *page, uint32_t size, uint32_t row, uint32_t rows)
{
    size_t from = (size_t)size * row / rows / VEC_CACHE_LINE * VEC_CACHE_LINE, to = (size_t)size * (row + 1) / rows;
    vec_ask(page + from, to - from);
}

/* next: page that is read after this one, or NULL */
static bool scan_leaf(struct vec_row_reader *r, const struct node *n, const struct vec_row_range *range,
                      const unsigned char *next, vec_row_fn *each, void *context, struct vec_buf *rest, struct vec_error *err)
{
    int64_t first = range->first;
    for (uint32_t i = 0; i < n->cells; i++) {
        struct vec_blob value;
        int64_t id;
        if (next)
            ask_memory(next, r->pages->size, i, n->cells);
        if (!cell_id(r->pages, n, i, &id) || id < first || id > range->last)
            return add_range(rest, 0, first, range->last, err);
        if (read_cell(r, n, i, &id, &value)) {
            if (!each(context, id, value, err))
                return false;
        } else if (!add_range(rest, 0, id, id, err)) {
            return false;
        }
        if (id == INT64_MAX)
            return true;
        first = id + 1;
    }
    return true;
}

static bool scan_node(struct vec_row_reader *r, const struct vec_row_range *range, const unsigned char *next, int depth,
                      vec_row_fn *each, void *context, struct vec_buf *rest, struct vec_error *err)
{
    struct node n;
    if (!range->page || depth >= MOST_DEPTH || !open_node(r->pages, range->page, &n))
        return add_range(rest, 0, range->first, range->last, err);
    if (n.leaf)
        return scan_leaf(r, &n, range, next, each, context, rest, err);
    struct vec_buf children = {0};
    bool ok = add_children(r, &n, range, 1, &children, err);
    const struct vec_row_range *all = (const void *)children.data;
    for (size_t i = 0, count = children.len / sizeof *all; ok && i < count; i++) {
        next = i + 1 < count ? vec_page(r->pages, all[i + 1].page) : NULL;
        ok = scan_node(r, &all[i], next, depth + 1, each, context, rest, err);
    }
    vec_buf_free(&children);
    return ok;
}

bool vec_row_scan(struct vec_row_reader *r, const struct vec_row_range *part, vec_row_fn *each, void *context,
                  struct vec_buf *rest, struct vec_error *err)
{
    return scan_node(r, part, NULL, 0, each, context, rest, err);
}
