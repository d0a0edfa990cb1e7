/* macaddr.c: macaddr and macaddr8 (TEXT in the form with colons, which sorts as the bytes do). */
#include <stdio.h>

#include "sql/types/compare.h"
#include "sql/types/text_util.h"

#define MAC_MAXIMUM 8

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * Pairs of digits with one kind of separator (: - .) after any whole number of bytes, or none. six: macaddr's stricter forms, with
 * separators after every one, two or three bytes. Returns the number of bytes, 0 when malformed.
 */
static int parse_bytes(struct slice s, unsigned char *out, bool six)
{
    size_t i = 0, end = s.n;
    char separator = 0;
    int n = 0, step = 0, last = 0; /* bytes between separators; before the last one */
    while (i < end && s.p[i] == ' ')
        i++;
    while (end > i && s.p[end - 1] == ' ')
        end--;
    while (i < end) {
        int high = hex_value(s.p[i]), low = i + 1 < end ? hex_value(s.p[i + 1]) : -1;
        if (n == MAC_MAXIMUM || high < 0)
            return 0;
        /* A lone digit is a byte where separators mark the bytes. */
        if (low < 0 && i + 1 < end && s.p[i + 1] != ':' && s.p[i + 1] != '-')
            return 0;
        if (low < 0 && !separator && i + 1 >= end)
            return 0;
        out[n++] = (unsigned char)(low < 0 ? high : high << 4 | low);
        i += low < 0 ? 1 : 2;
        if (i < end && (s.p[i] == ':' || s.p[i] == '-' || s.p[i] == '.')) {
            if (separator && s.p[i] != separator)
                return 0;
            if (!separator)
                step = n;
            int group = last;
            last = n;
            separator = s.p[i++];
            if (six && (n - group != step || step > 3 || (step == 2 && separator == ':') || (step != 2 && separator == '.')))
                return 0;
            if (i >= end)
                return 0;
        }
    }
    return six && step && n - last != step ? 0 : n;
}

static void return_mac(struct fcall *f, const unsigned char *p, int n)
{
    char *out = arena_alloc(f->arena, (size_t)n * 3 + 1);
    int at = 0;
    for (int i = 0; i < n; i++)
        at += snprintf(out + at, 4, i ? ":%02x" : "%02x", p[i]);
    return_slice(f, out, (size_t)at);
}

static void invalid(struct fcall *f, const char *type, struct slice s)
{
    error_set(f->err, ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type %s: \"%.*s\"",
              type, (int)s.n, s.p);
}

static void macaddr_in(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    struct slice s = arg_slice(f, 0);
    if (parse_bytes(s, bytes, true) == 6)
        return_mac(f, bytes, 6);
    else
        invalid(f, "macaddr", s);
}

/* Six bytes become eight with FF:FE in the middle. */
static void widen(unsigned char *bytes)
{
    memmove(bytes + 5, bytes + 3, 3);
    bytes[3] = 0xff;
    bytes[4] = 0xfe;
}

static void macaddr8_in(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    struct slice s = arg_slice(f, 0);
    int n = parse_bytes(s, bytes, false);
    if (n == 6)
        widen(bytes);
    if (n == 6 || n == 8)
        return_mac(f, bytes, 8);
    else
        invalid(f, "macaddr8", s);
}

static void mac_out(struct fcall *f)
{
    struct slice s = arg_slice(f, 0);
    return_slice(f, s.p, s.n);
}

static int arg_mac(struct fcall *f, int i, unsigned char *bytes)
{
    memset(bytes, 0, MAC_MAXIMUM);
    return parse_bytes(arg_slice(f, i), bytes, false);
}

static void receive(struct fcall *f, bool eight)
{
    struct slice s = arg_slice(f, 0);
    unsigned char bytes[MAC_MAXIMUM];
    if (s.n != 6 && !(eight && s.n == 8)) {
        error_set(f->err, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
        return;
    }
    memcpy(bytes, s.p, s.n);
    if (eight && s.n == 6)
        widen(bytes);
    return_mac(f, bytes, eight ? 8 : 6);
}

static void macaddr_recv(struct fcall *f)
{
    receive(f, false);
}

static void macaddr8_recv(struct fcall *f)
{
    receive(f, true);
}

static void mac_send(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    int n = arg_mac(f, 0, bytes);
    f->result = value_blob(arena_memdup(f->arena, bytes, (size_t)n), (size_t)n);
}

static void mac_not(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    int n = arg_mac(f, 0, bytes);
    for (int i = 0; i < n; i++)
        bytes[i] = (unsigned char)~bytes[i];
    return_mac(f, bytes, n);
}

static void combine(struct fcall *f, bool and)
{
    unsigned char a[MAC_MAXIMUM], b[MAC_MAXIMUM];
    int n = arg_mac(f, 0, a);
    arg_mac(f, 1, b);
    for (int i = 0; i < n; i++)
        a[i] = and ? a[i] & b[i] : a[i] | b[i];
    return_mac(f, a, n);
}

static void mac_and(struct fcall *f)
{
    combine(f, true);
}

static void mac_or(struct fcall *f)
{
    combine(f, false);
}

/* The manufacturer's three bytes. */
static void mac_trunc(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    int n = arg_mac(f, 0, bytes);
    if (n > 3)
        memset(bytes + 3, 0, (size_t)(n - 3));
    return_mac(f, bytes, n);
}

static void macaddrtomacaddr8(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    arg_mac(f, 0, bytes);
    widen(bytes);
    return_mac(f, bytes, 8);
}

static void macaddr8tomacaddr(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    arg_mac(f, 0, bytes);
    if (bytes[3] != 0xff || bytes[4] != 0xfe) {
        error_set(f->err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                  "macaddr8 data out of range to convert to macaddr");
        error_hint(f->err, "Only addresses that have FF and FE as values in the 4th and 5th bytes from "
                           "the left, for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be "
                           "converted from macaddr8 to macaddr.");
        return;
    }
    memmove(bytes + 3, bytes + 5, 3);
    return_mac(f, bytes, 6);
}

static void macaddr8_set7bit(struct fcall *f)
{
    unsigned char bytes[MAC_MAXIMUM];
    arg_mac(f, 0, bytes);
    bytes[0] |= 0x02;
    return_mac(f, bytes, 8);
}

const struct fn_impl macaddr_functions[] = {
    {"macaddr_in", .call = macaddr_in},
    {"macaddr_out", .call = mac_out},
    {"macaddr_recv", .call = macaddr_recv},
    {"macaddr_send", .call = mac_send},
    COMPARE_NATIVE("macaddr_"),
    {"macaddr_cmp", .call = compare_cmp},
    {"macaddr_not", .call = mac_not},
    {"macaddr_and", .call = mac_and},
    {"macaddr_or", .call = mac_or},
    {"macaddr_trunc", .call = mac_trunc},
    {"macaddr8_in", .call = macaddr8_in},
    {"macaddr8_out", .call = mac_out},
    {"macaddr8_recv", .call = macaddr8_recv},
    {"macaddr8_send", .call = mac_send},
    COMPARE_NATIVE("macaddr8_"),
    {"macaddr8_cmp", .call = compare_cmp},
    {"macaddr8_not", .call = mac_not},
    {"macaddr8_and", .call = mac_and},
    {"macaddr8_or", .call = mac_or},
    {"macaddr8_trunc", .call = mac_trunc},
    {"macaddrtomacaddr8", .call = macaddrtomacaddr8},
    {"macaddr8tomacaddr", .call = macaddr8tomacaddr},
    {"macaddr8_set7bit", .call = macaddr8_set7bit},
    {NULL},
};
