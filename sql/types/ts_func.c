/* ts_func.c: texts and JSON to tsvector and tsquery; what the parser and the dictionaries do, shown (chapter 12). */
#include "sql/types/array.h"
#include "sql/types/jsonb.h"
#include "sql/types/ts_dict.h"
#include "sql/types/tsquery.h"

/* --- to_tsvector ------------------------------------------------------------------------------------------ */

void ts_words_return(struct fcall *f, const struct ts_words *w)
{
    struct tsvector v = {.lexemes = ARENA_ARRAY(f->arena, struct ts_lexeme, w->n + 1)};
    uint16_t *pos = ARENA_ARRAY(f->arena, uint16_t, w->n + 1);
    for (int i = 0; i < w->n; i++) {
        pos[i] = TS_MAKE_POS(w->words[i].pos, 0);
        v.lexemes[v.n++] = (struct ts_lexeme){.word = w->words[i].word, .npos = 1, .pos = &pos[i]};
    }
    tsvector_normalize(f->arena, &v);
    tsvector_return(f, &v);
}

static void to_vector(struct fcall *f, uint32_t config, int arg)
{
    struct ts_words w = {0};
    if (config && ts_words_add(f, config, arg_slice(f, arg), &w))
        ts_words_return(f, &w);
}

static void to_tsvector(struct fcall *f)
{
    to_vector(f, ts_config_current(f), 0);
}

static void to_tsvector_byid(struct fcall *f)
{
    to_vector(f, (uint32_t)arg_int(f, 0), 1);
}

/* Which parts of a JSON document are indexed. */
enum { JSON_STRINGS = 1, JSON_NUMBERS = 2, JSON_BOOLEANS = 4, JSON_KEYS = 8, JSON_ALL = 15 };

/* An element's words; a gap in positions parts it from the next. */
static bool add_element(struct fcall *f, uint32_t config, struct slice text, struct ts_words *w)
{
    int before = w->n;
    if (!ts_words_add(f, config, text, w))
        return false;
    if (w->n > before)
        w->pos++;
    return true;
}

static bool add_json(struct fcall *f, uint32_t config, const struct json_node *n, unsigned parts,
                     struct ts_words *w)
{
    switch (n->kind) {
    case JSON_NULL: return true;
    case JSON_BOOL:
        return !(parts & JSON_BOOLEANS) || add_element(f, config, slice_of(n->boolean ? "true" : "false"), w);
    case JSON_NUMBER: return !(parts & JSON_NUMBERS) || add_element(f, config, n->text, w);
    case JSON_STRING: return !(parts & JSON_STRINGS) || add_element(f, config, n->text, w);
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    for (int i = 0; i < n->count; i++) {
        if (n->kind == JSON_OBJECT && parts & JSON_KEYS && !add_element(f, config, n->keys[i], w))
            return false;
        if (!add_json(f, config, &n->items[i], parts, w))
            return false;
    }
    return true;
}

static bool read_json(struct fcall *f, int arg, bool binary, struct json_node *root)
{
    if (binary)
        return jsonb_read(f, &f->args[arg], root);
    return json_parse_call(f, arg_slice(f, arg), JSON_DECODE, root, f->err);
}

static bool flag_named(struct fcall *f, const struct json_node *n, unsigned *parts)
{
    static const struct { const char *name; unsigned part; } names[] = {
        {"all", JSON_ALL}, {"key", JSON_KEYS}, {"string", JSON_STRINGS}, {"numeric", JSON_NUMBERS},
        {"boolean", JSON_BOOLEANS}};
    if (n->kind != JSON_STRING)
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "flag array element is not a string");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && n->kind == JSON_STRING; i++)
        if (slice_is_nocase(n->text, names[i].name)) {
            *parts |= names[i].part;
            return true;
        }
    if (!error_is_set(f->err))
        error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE, "wrong flag in flag array: \"%.*s\"",
                  (int)n->text.n, n->text.p);
    error_hint(f->err, "Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\".");
    return false;
}

static bool json_parts(struct fcall *f, int arg, unsigned *parts)
{
    struct json_node n;
    *parts = 0;
    if (!jsonb_read(f, &f->args[arg], &n))
        return false;
    if (n.kind == JSON_OBJECT)
        return error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
                         "wrong flag type, only arrays and scalars are allowed");
    if (n.kind != JSON_ARRAY)
        return flag_named(f, &n, parts);
    for (int i = 0; i < n.count; i++)
        if (n.items[i].kind == JSON_ARRAY || n.items[i].kind == JSON_OBJECT)
            return error_set(f->err, ERRCODE_INTERNAL_ERROR, "unexpected end of flag array");
        else if (!flag_named(f, &n.items[i], parts))
            return false;
    return true;
}

/* flags_arg < 0: strings only. */
static void json_vector(struct fcall *f, uint32_t config, int arg, bool binary, int flags_arg)
{
    struct json_node root;
    struct ts_words w = {0};
    unsigned parts = JSON_STRINGS;
    if (!config || (flags_arg >= 0 && !json_parts(f, flags_arg, &parts)))
        return;
    if (read_json(f, arg, binary, &root) && add_json(f, config, &root, parts, &w))
        ts_words_return(f, &w);
}

#define BY_ID(f) ((uint32_t)arg_int(f, 0))
#define JSON_VECTOR(name, config, arg, binary, flags)                                              \
    static void name(struct fcall *f) { json_vector(f, config, arg, binary, flags); }
JSON_VECTOR(jsonb_string_to_tsvector, ts_config_current(f), 0, true, -1)
JSON_VECTOR(json_string_to_tsvector, ts_config_current(f), 0, false, -1)
JSON_VECTOR(jsonb_string_to_tsvector_byid, BY_ID(f), 1, true, -1)
JSON_VECTOR(json_string_to_tsvector_byid, BY_ID(f), 1, false, -1)
JSON_VECTOR(jsonb_to_tsvector, ts_config_current(f), 0, true, 1)
JSON_VECTOR(json_to_tsvector, ts_config_current(f), 0, false, 1)
JSON_VECTOR(jsonb_to_tsvector_byid, BY_ID(f), 1, true, 2)
JSON_VECTOR(json_to_tsvector_byid, BY_ID(f), 1, false, 2)

/* --- to_tsquery and its kin -------------------------------------------------------------------------------- */

struct morph {
    uint32_t config;
    enum tsq_kind between; /* what joins the words of one operand */
};

/* An operand's text goes through the configuration; its words are joined, stop words leave a place. */
static bool operand_lexized(struct tsq_parser *p, struct slice text, unsigned weights, bool prefix)
{
    const struct morph *m = p->opaque;
    struct ts_words w = {0};
    int joined = 0;
    if (!ts_words_add(p->f, m->config, text, &w))
        return false;
    if (w.n == 0)
        return tsq_push_stop(p);
    for (int i = 0, pos = 0; i < w.n; i++) {
        for (; pos > 0 && pos + 1 < w.words[i].pos; pos++)
            if (!tsq_push_stop(p) || (joined++ && !tsq_push_operator(p, m->between, 1)))
                return false;
        pos = w.words[i].pos;
        if (!tsq_push_value(p, w.words[i].word, weights, prefix) ||
            (joined++ && !tsq_push_operator(p, m->between, 1)))
            return false;
    }
    return true;
}

static void to_query(struct fcall *f, uint32_t config, int arg, enum tsq_notation notation, enum tsq_kind between)
{
    struct morph m = {config, between};
    struct tsq_node *root;
    if (config && tsquery_parse(f, arg_slice(f, arg), notation, operand_lexized, &m, &root))
        tsquery_return(f, root);
}

#define TO_QUERY(name, config, arg, notation, between)                                             \
    static void name(struct fcall *f) { to_query(f, config, arg, notation, between); }
TO_QUERY(to_tsquery, ts_config_current(f), 0, TSQ_STANDARD, TSQ_PHRASE)
TO_QUERY(to_tsquery_byid, BY_ID(f), 1, TSQ_STANDARD, TSQ_PHRASE)
TO_QUERY(plainto_tsquery, ts_config_current(f), 0, TSQ_PLAIN, TSQ_AND)
TO_QUERY(plainto_tsquery_byid, BY_ID(f), 1, TSQ_PLAIN, TSQ_AND)
TO_QUERY(phraseto_tsquery, ts_config_current(f), 0, TSQ_PLAIN, TSQ_PHRASE)
TO_QUERY(phraseto_tsquery_byid, BY_ID(f), 1, TSQ_PLAIN, TSQ_PHRASE)
TO_QUERY(websearch_to_tsquery, ts_config_current(f), 0, TSQ_WEB, TSQ_PHRASE)
TO_QUERY(websearch_to_tsquery_byid, BY_ID(f), 1, TSQ_WEB, TSQ_PHRASE)

/* --- the parts, shown ------------------------------------------------------------------------------------------ */

static void get_current_ts_config(struct fcall *f)
{
    uint32_t config = ts_config_current(f);
    if (config)
        f->result = value_int(config);
}

static void ts_lexize(struct fcall *f)
{
    uint32_t dict = (uint32_t)arg_int(f, 0);
    struct slice lexeme;
    if (!ts_dict_exists(f->ctx, dict)) {
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "cache lookup failed for text search dictionary %u", dict);
        return;
    }
    enum ts_lexize r = ts_dict_lexize(f, dict, arg_slice(f, 1), &lexeme);
    if (r == TS_UNKNOWN)
        return;
    struct value *item = ARENA_NEW(f->arena, struct value);
    if (r != TS_STOP)
        *item = value_text(lexeme.p, lexeme.n);
    array_return_texts(f, item, r == TS_STOP ? 0 : 1);
}

static bool parser_by_id(struct fcall *f)
{
    uint32_t oid = (uint32_t)arg_int(f, 0);
    return oid == TS_DEFAULT_PARSER || error_set(f->err, ERRCODE_INTERNAL_ERROR,
                                                 "cache lookup failed for text search parser %u", oid);
}

static bool parser_by_name(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return slice_is_nocase(s, "default") || slice_is_nocase(s, "pg_catalog.default") ||
           error_set(f->err, ERRCODE_UNDEFINED_OBJECT, "text search parser \"%.*s\" does not exist", (int)s.n, s.p);
}

struct types_state {
    bool open;
    int next;
};

static void types_open_id(struct fcall *f, void *state)
{
    ((struct types_state *)state)->open = parser_by_id(f);
}

static void types_open_name(struct fcall *f, void *state)
{
    ((struct types_state *)state)->open = parser_by_name(f);
}

static bool types_next(struct fcall *f, void *state, struct value *columns)
{
    struct types_state *st = state;
    (void)f;
    if (!st->open || ++st->next > TS_TOKEN_TYPES)
        return false;
    columns[0] = value_int(st->next);
    columns[1] = value_textz(ts_token_names[st->next].alias);
    columns[2] = value_textz(ts_token_names[st->next].description);
    return true;
}

/* A parser's memory must outlive a row: it has an arena of its own. */
struct parse_state {
    struct arena *arena;
    struct ts_parser parser;
    uint32_t config; /* ts_debug */
};

static void parse_open(struct fcall *f, struct parse_state *st, int arg)
{
    st->arena = arena_create();
    ts_parser_open(&st->parser, st->arena, arg_slice(f, arg));
}

static void parse_open_id(struct fcall *f, void *state)
{
    if (parser_by_id(f))
        parse_open(f, state, 1);
}

static void parse_open_name(struct fcall *f, void *state)
{
    if (parser_by_name(f))
        parse_open(f, state, 1);
}

static void parse_close(void *state)
{
    struct parse_state *st = state;
    arena_destroy(st->arena);
}

static bool parse_next(struct fcall *f, void *state, struct value *columns)
{
    struct parse_state *st = state;
    struct ts_token token;
    (void)f;
    if (!st->arena || !ts_parser_next(&st->parser, &token))
        return false;
    columns[0] = value_int(token.type);
    columns[1] = value_text(token.text.p, token.text.n);
    return true;
}

static void debug_open_current(struct fcall *f, void *state)
{
    struct parse_state *st = state;
    st->config = ts_config_current(f);
    if (st->config)
        parse_open(f, st, 0);
}

static void debug_open(struct fcall *f, void *state)
{
    struct parse_state *st = state;
    st->config = (uint32_t)arg_int(f, 0);
    if (ts_config_exists(f->ctx, st->config))
        parse_open(f, st, 1);
}

/* alias, description, token, dictionaries, dictionary, lexemes */
static bool debug_next(struct fcall *f, void *state, struct value *columns)
{
    struct parse_state *st = state;
    struct ts_token token;
    uint32_t list[TS_CONFIG_MAX_DICTS], dict = 0;
    struct slice lexeme;
    if (!st->arena || !ts_parser_next(&st->parser, &token))
        return false;
    int n = ts_config_dicts(f->ctx, st->config, token.type, list);
    struct value *items = ARENA_ARRAY(f->arena, struct value, n + 1);
    for (int i = 0; i < n; i++)
        items[i] = value_int(list[i]);
    struct array a = array_one_dimension(type_builtin(REGDICTIONARYOID), items, n);
    columns[0] = value_textz(ts_token_names[token.type].alias);
    columns[1] = value_textz(ts_token_names[token.type].description);
    columns[2] = value_text(token.text.p, token.text.n);
    columns[3] = array_write(f->arena, &a);
    columns[4] = columns[5] = value_null();
    enum ts_lexize r = ts_config_lexize(f, st->config, &token, &lexeme, &dict);
    if (r == TS_UNKNOWN)
        return true;
    struct value *words = ARENA_NEW(f->arena, struct value);
    if (r == TS_LEXEME)
        *words = value_text(lexeme.p, lexeme.n);
    struct array l = array_one_dimension(type_builtin(TEXTOID), words, r == TS_LEXEME ? 1 : 0);
    columns[4] = value_int(dict);
    columns[5] = array_write(f->arena, &l);
    return true;
}

#define ROWS(name, state, open_, next_, close_)                                                    \
    static const struct srf_impl name = {                                                          \
        .state_size = sizeof(struct state), .open = open_, .next = next_, .close = close_}
ROWS(token_type_byid, types_state, types_open_id, types_next, NULL);
ROWS(token_type_byname, types_state, types_open_name, types_next, NULL);
ROWS(parse_byid, parse_state, parse_open_id, parse_next, parse_close);
ROWS(parse_byname, parse_state, parse_open_name, parse_next, parse_close);
ROWS(debug_current, parse_state, debug_open_current, debug_next, parse_close);
ROWS(debug_byid, parse_state, debug_open, debug_next, parse_close);

const struct fn_impl ts_functions[] = {
    {"to_tsvector", .call = to_tsvector},
    {"to_tsvector_byid", .call = to_tsvector_byid},
    {"jsonb_string_to_tsvector", .call = jsonb_string_to_tsvector},
    {"json_string_to_tsvector", .call = json_string_to_tsvector},
    {"jsonb_string_to_tsvector_byid", .call = jsonb_string_to_tsvector_byid},
    {"json_string_to_tsvector_byid", .call = json_string_to_tsvector_byid},
    {"jsonb_to_tsvector", .call = jsonb_to_tsvector},
    {"json_to_tsvector", .call = json_to_tsvector},
    {"jsonb_to_tsvector_byid", .call = jsonb_to_tsvector_byid},
    {"json_to_tsvector_byid", .call = json_to_tsvector_byid},
    {"to_tsquery", .call = to_tsquery},
    {"to_tsquery_byid", .call = to_tsquery_byid},
    {"plainto_tsquery", .call = plainto_tsquery},
    {"plainto_tsquery_byid", .call = plainto_tsquery_byid},
    {"phraseto_tsquery", .call = phraseto_tsquery},
    {"phraseto_tsquery_byid", .call = phraseto_tsquery_byid},
    {"websearch_to_tsquery", .call = websearch_to_tsquery},
    {"websearch_to_tsquery_byid", .call = websearch_to_tsquery_byid},
    {"get_current_ts_config", .call = get_current_ts_config},
    {"ts_lexize", .call = ts_lexize},
    {"ts_token_type_byid", .srf = &token_type_byid},
    {"ts_token_type_byname", .srf = &token_type_byname},
    {"ts_parse_byid", .srf = &parse_byid},
    {"ts_parse_byname", .srf = &parse_byname},
    {"ts_debug(text)", .srf = &debug_current},
    {"ts_debug(regconfig,text)", .srf = &debug_byid},
    {NULL},
};
