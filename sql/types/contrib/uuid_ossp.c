/* contrib/uuid_ossp.c: the extension uuid-ossp: UUIDs from time (v1), names (v3, v5) and randomness (v4). */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <time.h>

#include "sql/types/text_util.h"
#include "sql/types/type.h"

#define UUID_BYTES 16
/* 100 ns steps between 1582-10-15 and 1970-01-01. */
#define UUID_EPOCH 0x01b21dd213814000ull

static void return_bytes(struct fcall *f, unsigned char *b, int version)
{
    static const char digits[] = "0123456789abcdef";
    if (version) {
        b[6] = (unsigned char)((b[6] & 0x0f) | version << 4);
        b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    }
    char *p = arena_alloc(f->arena, 37), *q = p;
    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *q++ = '-';
        *q++ = digits[b[i] >> 4];
        *q++ = digits[b[i] & 15];
    }
    return_slice(f, p, 36);
}

static bool random_bytes(struct fcall *f, unsigned char *p, int n)
{
    return RAND_bytes(p, n) == 1 || error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not generate random values");
}

/* --- constants ---------------------------------------------------------------------------------- */

static void uuid_nil(struct fcall *f)
{
    unsigned char b[UUID_BYTES] = {0};
    return_bytes(f, b, 0);
}

/* The four name spaces of RFC 4122 differ in one digit. */
static void name_space(struct fcall *f, int digit)
{
    unsigned char b[UUID_BYTES] = {0x6b, 0xa7, 0xb8, (unsigned char)digit, 0x9d, 0xad, 0x11, 0xd1,
                                   0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    return_bytes(f, b, 0);
}

static void uuid_ns_dns(struct fcall *f)
{
    name_space(f, 0x10);
}

static void uuid_ns_url(struct fcall *f)
{
    name_space(f, 0x11);
}

static void uuid_ns_oid(struct fcall *f)
{
    name_space(f, 0x12);
}

static void uuid_ns_x500(struct fcall *f)
{
    name_space(f, 0x14);
}

/* --- generated -------------------------------------------------------------------------------------- */

/* Time stamps of one process never repeat; the node is random (multicast bit set), chosen once unless mc is asked for. */
static void time_based(struct fcall *f, bool new_node)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last;
    static unsigned char process_node[8];
    static bool chosen;
    unsigned char node[8], b[UUID_BYTES];
    struct timespec now;
    if (!random_bytes(f, node, sizeof(node)))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t t = UUID_EPOCH + (uint64_t)now.tv_sec * 10000000u + (uint64_t)now.tv_nsec / 100;
    pthread_mutex_lock(&mutex);
    if (t <= last)
        t = last + 1;
    last = t;
    if (!chosen)
        memcpy(process_node, node, sizeof(node));
    chosen = true;
    if (!new_node)
        memcpy(node, process_node, sizeof(node));
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 4; i++)
        b[i] = (unsigned char)(t >> (24 - 8 * i));
    b[4] = (unsigned char)(t >> 40);
    b[5] = (unsigned char)(t >> 32);
    b[6] = (unsigned char)(t >> 56);
    b[7] = (unsigned char)(t >> 48);
    node[2] |= 1;
    memcpy(b + 8, node, sizeof(node));
    return_bytes(f, b, 1);
}

static void uuid_generate_v1(struct fcall *f)
{
    time_based(f, false);
}

static void uuid_generate_v1mc(struct fcall *f)
{
    time_based(f, true);
}

static void uuid_generate_v4(struct fcall *f)
{
    unsigned char b[UUID_BYTES];
    if (random_bytes(f, b, UUID_BYTES))
        return_bytes(f, b, 4);
}

/* The digest of name space and name. */
static void name_based(struct fcall *f, const EVP_MD *md, int version)
{
    const struct type_def *t = type_builtin(UUIDOID);
    struct value space;
    if (!type_send(t, &f->args[0], f->ctx, f->arena, f->err, &space))
        return;
    struct slice name = arg_slice(f, 1);
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    bool ok = x && EVP_DigestInit_ex(x, md, NULL) == 1 && EVP_DigestUpdate(x, space.p, space.n) == 1 &&
              EVP_DigestUpdate(x, name.p, name.n) == 1 && EVP_DigestFinal_ex(x, digest, NULL) == 1;
    EVP_MD_CTX_free(x);
    if (ok)
        return_bytes(f, digest, version);
    else
        error_set(f->err, ERRCODE_INTERNAL_ERROR, "could not compute digest");
}

static void uuid_generate_v3(struct fcall *f)
{
    name_based(f, EVP_md5(), 3);
}

static void uuid_generate_v5(struct fcall *f)
{
    name_based(f, EVP_sha1(), 5);
}

const struct fn_impl uuid_ossp_functions[] = {
    {"uuid_nil", .call = uuid_nil},
    {"uuid_ns_dns", .call = uuid_ns_dns},
    {"uuid_ns_url", .call = uuid_ns_url},
    {"uuid_ns_oid", .call = uuid_ns_oid},
    {"uuid_ns_x500", .call = uuid_ns_x500},
    {"uuid_generate_v1", .call = uuid_generate_v1},
    {"uuid_generate_v1mc", .call = uuid_generate_v1mc},
    {"uuid_generate_v3", .call = uuid_generate_v3},
    {"uuid_generate_v4", .call = uuid_generate_v4},
    {"uuid_generate_v5", .call = uuid_generate_v5},
    {NULL},
};
