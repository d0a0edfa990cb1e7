/* dataset.c - numpy archives; see dataset.h. */
#include "tests/vector/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/vector/check.h"
#include "vecext/vec_half.h"

struct bytes {
    unsigned char *data;
    size_t len;
};

static struct bytes read_file(const char *path)
{
    struct bytes b = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        return b;
    fseek(f, 0, SEEK_END);
    b.len = (size_t)ftell(f);
    rewind(f);
    b.data = malloc(b.len);
    if (!b.data || fread(b.data, 1, b.len, f) != b.len) {
        free(b.data);
        b = (struct bytes){0};
    }
    fclose(f);
    return b;
}

static uint32_t u16(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | u16(p + 2) << 16;
}

/* A zip member by name: stored or deflated. */
static struct bytes unzip(struct bytes zip, const char *name)
{
    struct bytes out = {0};
    size_t end = zip.len - 22;
    while (end && u32(zip.data + end) != 0x06054B50)
        end--;
    const unsigned char *entry = zip.data + u32(zip.data + end + 16);
    for (uint32_t n = u16(zip.data + end + 10); n; n--) {
        uint32_t name_len = u16(entry + 28);
        if (name_len == strlen(name) && memcmp(entry + 46, name, name_len) == 0) {
            const unsigned char *local = zip.data + u32(entry + 42);
            const unsigned char *data = local + 30 + u16(local + 26) + u16(local + 28);
            out.len = u32(entry + 24);
            out.data = malloc(out.len);
            if (u16(entry + 10) == 0) {
                memcpy(out.data, data, out.len);
                return out;
            }
            z_stream z = {.next_in = (unsigned char *)data,
                          .avail_in = u32(entry + 20),
                          .next_out = out.data,
                          .avail_out = (unsigned)out.len};
            inflateInit2(&z, -15);
            inflate(&z, Z_FINISH);
            inflateEnd(&z);
            return out;
        }
        entry += 46 + name_len + u16(entry + 30) + u16(entry + 32);
    }
    return out;
}

static bool parse_npy(struct bytes npy, struct array *array)
{
    const char *header = (const char *)npy.data + 10, *type = strstr(header, "'descr': '");
    const char *shape = strstr(header, "'shape': (");
    if (npy.len < 16 || memcmp(npy.data, "\x93NUMPY", 6) != 0 || !type || !shape)
        return false;
    char *next;
    array->rows = strtoul(shape + 10, &next, 10);
    array->columns = next[0] == ',' && next[1] == ' ' ? strtoul(next + 1, NULL, 10) : 1;
    const unsigned char *p = npy.data + 10 + u16(npy.data + 8);
    size_t n = array->rows * array->columns;
    char kind = type[11], width = type[12];
    if (kind == 'i' && width == '4') {
        array->ids = malloc(n * 4);
        memcpy(array->ids, p, n * 4);
        return true;
    }
    array->f = malloc(n * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        if (kind == 'u')
            array->f[i] = p[i];
        else if (width == '2')
            array->f[i] = vec_half_to_float(vec_half_get(p + 2 * i));
        else
            memcpy(&array->f[i], p + 4 * i, 4);
    }
    return true;
}

bool array_read(struct array *array, const char *file, const char *key)
{
    const char *folder = getenv("PGFEATHER_DATA");
    char path[4096], member[100];
    memset(array, 0, sizeof *array);
    snprintf(path, sizeof path, "%s/%s", folder ? folder : DATA_FOLDER, file);
    snprintf(member, sizeof member, "%s.npy", key);
    struct bytes zip = read_file(path);
    if (zip.len < 22) {
        free(zip.data);
        return false;
    }
    struct bytes npy = unzip(zip, member);
    bool ok = npy.data && parse_npy(npy, array);
    free(npy.data);
    free(zip.data);
    return ok;
}

void array_free(struct array *array)
{
    free(array->f);
    free(array->ids);
    memset(array, 0, sizeof *array);
}

bool dataset_read(struct dataset *set, const char *name, const char *metric)
{
    char file[100], truth[100], ids[40], distances[40];
    snprintf(file, sizeof file, "%s.npz", name);
    snprintf(truth, sizeof truth, "%s.gt100.npz", name);
    snprintf(ids, sizeof ids, "%s_ids", metric);
    snprintf(distances, sizeof distances, "%s_dist", metric);
    memset(set, 0, sizeof *set);
    array_read(&set->label, file, "label");
    return array_read(&set->base, file, "base") && array_read(&set->query, file, "query") &&
           array_read(&set->truth, truth, ids) &&
           array_read(&set->truth_distance, truth, distances);
}

void dataset_free(struct dataset *set)
{
    array_free(&set->base);
    array_free(&set->query);
    array_free(&set->truth);
    array_free(&set->truth_distance);
    array_free(&set->label);
}

static float gaussian(uint64_t *seed)
{
    float sum = 0;
    for (int i = 0; i < 6; i++)
        sum += random_float(seed);
    return sum * 0.7071f;
}

void dataset_generate(struct dataset *set, size_t rows, size_t dims, size_t queries, uint64_t seed)
{
    enum { CLUSTERS = 200 };
    float *centre = malloc(CLUSTERS * dims * sizeof *centre);
    memset(set, 0, sizeof *set);
    for (size_t i = 0; i < CLUSTERS * dims; i++)
        centre[i] = gaussian(&seed);
    struct array *arrays[] = {&set->base, &set->query};
    for (int a = 0; a < 2; a++) {
        size_t n = a ? queries : rows;
        arrays[a]->rows = n;
        arrays[a]->columns = dims;
        arrays[a]->f = malloc(n * dims * sizeof(float));
        for (size_t i = 0; i < n; i++) {
            const float *c = centre + random_next(&seed) % CLUSTERS * dims;
            double norm = 0;
            float *x = arrays[a]->f + i * dims;
            for (size_t d = 0; d < dims; d++) {
                x[d] = c[d] + 0.9f * gaussian(&seed);
                norm += (double)x[d] * x[d];
            }
            for (size_t d = 0; d < dims; d++)
                x[d] = (float)(x[d] / sqrt(norm));
        }
    }
    free(centre);
}
