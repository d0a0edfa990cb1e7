#!/usr/bin/env python3
"""Random typed expressions, their answers in pgfeather compared with a PostgreSQL 15's.

  expressions.py compare BINARY HOST PORT [--seed N] [--count N] [--family F,...] [--depth N] [--only NAME]
                                           differences, the same kind once; exit status 1 if the server went away
  expressions.py survey BINARY HOST PORT --page FILE [--seed N] [--count N] [--family F,...] [--depth N]
                                           count expressions of each family; FILE lists each kind of difference, why, and an example
  expressions.py area AREA HOST PORT ...   writes a seeded choice as cases/AREA.sql and records it (run.py record)

Functions, operators and casts come from the catalogs of the PostgreSQL: every immutable or stable one over the types of
the families chosen, with constants from the ends of their ranges, NULL, NaN, infinity and empty values. Compared are
value, type, SQLSTATE and message. No crash and no error text of SQLite may come.
"""
import argparse
import itertools
import os
import random
import re
import struct
import sys
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import pgwire  # noqa: E402
import run  # noqa: E402
from server import Server  # noqa: E402

# Constants of each type, as they stand between quotes (None: NULL).
CONSTANTS = {
    "bool": "t|f|true|no",
    "int2": "0|1|-1|2|7|32767|-32768|100",
    "int4": "0|1|-1|2|3|10|63|2147483647|-2147483648|65536|1000",
    "int8": "0|1|-1|5|9223372036854775807|-9223372036854775808|4294967296|1000000",
    "float4": "0|1|-1|1.5|0.1|NaN|Infinity|-Infinity|3.4e38|1e-40|-0",
    "float8": "0|1|-1|0.5|2.5|-2.5|1e10|NaN|Infinity|-Infinity|1.7e308|4.9e-324|-0|90|1e15",
    "numeric": "0|1|-1|0.5|1.50|-2.5|99999999999999999999.99|NaN|Infinity|-Infinity|1e-20|12345.6789|0.000|1e30",
    "money": "0|1.23|-1000.5|92233720368547758.07|$1,234.56",
    "text": "|a|abc|ABC def|  x  |é日本|a%b_c|\\|aaa|1|12.5|true|2020-01-01|{1,2}|hello world|A-b.C",
    "varchar": "|a|Abc|xyz ",
    "bpchar": "|a|a  |Abc",
    "name": "|a|Foo|pg_class",
    "char": "|a|Z|1",
    "bytea": "|\\x|\\x00|\\xff00ab|abc|\\x616263",
    "date": "2020-02-29|1999-12-31|infinity|-infinity|0001-01-01|4714-11-24 BC|5874897-12-31|2024-06-15|epoch",
    "time": "00:00:00|12:34:56.789|23:59:59.999999|24:00:00|01:02",
    "timetz": "00:00:00+00|12:34:56.789-08|23:59:59.999999+14|24:00:00+05:30",
    "timestamp": "2020-02-29 12:34:56.789|infinity|-infinity|1970-01-01|0044-03-15 BC 12:00|294276-12-31 23:59:59.999999|"
                 "2000-01-01 00:00:00|2024-12-31 23:59:59",
    "timestamptz": "2020-02-29 12:34:56.789+02|infinity|-infinity|1970-01-01 00:00+00|2024-03-31 01:30:00+00|"
                   "4714-11-24 00:00:00+00 BC|2000-06-15 10:00:00-07",
    "interval": "0|1 day|-1 month|1 year 2 mons 3 days 04:05:06.789|00:00:00.000001|-1 day +02:03:04|178000000 years|"
                "30 days|24:00:00|1 mon -1 day",
    "uuid": "00000000-0000-0000-0000-000000000000|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|"
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "json": "null|1|\"a\"|[]|{}|[1,\"b\",null]|{\"a\": 1, \"b\": [2, {\"c\": null}]}|true|{\"a\":1,\"a\":2}",
    "jsonb": "null|1|\"a\"|[]|{}|[1,\"b\",null]|{\"a\": 1, \"b\": [2, {\"c\": null}]}|1.50|[[1],[2]]|{\"b\":true,\"aa\":\"x\"}",
    "jsonpath": "$|$.a|$[*]|$.b[0]|$.* ? (@ > 1)|strict $.x|$.a.type()",
    "bit": "0|1|1010|11111111|00000000000000000000000000000001",
    "varbit": "|0|1|1010|110011",
    "inet": "10.0.0.1|192.168.1.5/24|::1|2001:db8::/32|0.0.0.0/0|255.255.255.255|::ffff:1.2.3.4/128",
    "cidr": "10.0.0.0/8|192.168.1.0/24|::/0|2001:db8::/32|0.0.0.0/0",
    "macaddr": "00:00:00:00:00:00|08:00:2b:01:02:03|ff:ff:ff:ff:ff:ff",
    "macaddr8": "00:00:00:00:00:00:00:00|08:00:2b:01:02:03:04:05|ff:ff:ff:ff:ff:ff:ff:ff",
    "point": "(0,0)|(1,2)|(-1.5,3)|(NaN,1)|(1e300,-1e300)|(Infinity,0)|(5,5)",
    "line": "{1,-1,0}|{0,1,-3}|{1,0,2}|{2,3,-4}|(0,0),(1,1)",
    "lseg": "[(0,0),(1,1)]|[(0,1),(1,0)]|[(0,0),(0,5)]|[(-1,2),(3,2)]|[(1,1),(1,1)]",
    "box": "(1,1),(0,0)|(2,3),(-1,-2)|(5,5),(5,5)|(10,10),(3,3)",
    "path": "((0,0),(1,1),(2,0))|[(0,0),(1,1),(2,0)]|((1,1))|[(3,3),(4,4)]",
    "polygon": "((0,0),(0,4),(4,4),(4,0))|((1,1),(1,2),(2,1))|((5,5))|((0,0),(1,1))",
    "circle": "<(0,0),1>|<(1,2),3>|<(5,5),0>|<(0,0),NaN>|<(-1,-1),2.5>",
    "oid": "0|1|23|4294967295",
    "xid": "0|3|4294967295",
    "xid8": "0|3|18446744073709551615",
    "tid": "(0,0)|(1,2)|(4294967295,65535)",
    "pg_lsn": "0/0|16/B374D848|FFFFFFFF/FFFFFFFF",
    "int4range": "empty|[1,5)|(,)|[3,)|(,10]|[2,2]",
    "int8range": "empty|[1,5)|(,)|[3,)",
    "numrange": "empty|[1.5,2.5]|(,)|(0,1)|[2,)",
    "daterange": "empty|[2020-01-01,2020-12-31]|(,2000-01-01)|[2019-05-05,)",
    "tsrange": "empty|[2020-01-01,2020-12-31]|(,)",
    "tstzrange": "empty|[2020-01-01 00:00+00,2020-12-31 00:00+00)|(,)",
    "int4multirange": "{}|{[1,5)}|{[1,3),[5,9)}|{(,)}|{(,2),[8,)}",
    "nummultirange": "{}|{[1.5,2.5]}|{(0,1),(2,3]}",
    "datemultirange": "{}|{[2020-01-01,2020-12-31]}",
    "tsvector": "|a b c|a:1A b:2,3B|'it''s':1",
    "tsquery": "a|a & b|a | !b|a <-> b|a:*B",
    "_int4": "{}|{1,2,3}|{NULL}|{{1,2},{3,4}}|{3,1,NULL,3}|[0:1]={5,6}",
    "_int8": "{}|{1,2}|{NULL,9223372036854775807}",
    "_text": "{}|{a,b,c}|{NULL,a}|{\"x y\",\"\"}|{{a,b},{c,d}}",
    "_float8": "{}|{1.5,NaN}|{0,-0}",
    "_numeric": "{}|{1.5,2}|{NaN,NULL}",
    "_bool": "{}|{t,f,NULL}",
    "_date": "{}|{2020-01-01,infinity}",
}

FAMILIES = {
    "number": "int2 int4 int8 float4 float8 numeric bool",
    "money": "money int4 int8 float8 numeric",
    "text": "text varchar bpchar name char int4 bool bytea",
    "bytes": "bytea bit varbit int4 int8 text",
    "datetime": "date time timetz timestamp timestamptz interval int4 float8 text bool",
    "json": "json jsonb jsonpath text int4 bool _text",
    "network": "inet cidr macaddr macaddr8 int4 int8 text bool",
    "geometry": "point line lseg box path polygon circle float8 int4 bool",
    "range": "int4range int8range numrange daterange tsrange tstzrange int4multirange nummultirange datemultirange int4 numeric "
             "date bool",
    "array": "_int4 _int8 _text _float8 _numeric _bool int4 text bool int8",
    "search": "tsvector tsquery text int4 _text bool float4",
    "identifier": "oid xid xid8 tid pg_lsn uuid int4 int8 numeric bool",
}

# What depends on the server, the session or the clock, or changes something.
NOT_CALLED = re.compile(
    r"^(pg_(?!lsn|size|typeof)|txid_|current_|now$|clock_|statement_timestamp|transaction_timestamp|timeofday|random|"
    r"setseed|has_|inet_(client|server)|lo_|lo[a-z]+$|nextval|currval|setval|lastval|set_config|version|session_user|"
    r"user$|getdatabaseencoding|query_to|table_to|schema_to|database_to|cursor_to|xml|obj_description|col_description|shobj_|"
    r"format_type|to_reg|row_security|gen_random|currtid|age$|.*_(in|out|recv|send|typmodin|typmodout|support|sortsupport|"
    r"transfn|accum|combine|serialize|deserialize|final|inv|canonical|subdiff)$|.*(in|out|recv|send|sel|typanalyze|support)$|hash|"
    r".*hash|.*_hash_extended|bt.*|gin|gist|spg|brin|ts_(stat|debug|headline|parse|token)|in_range|mxid|to_ascii|bit$|makeaclitem|acl|"
    r"convert|oidvectortypes|.*_validator|int2int4_sum|jsonb?_populate_record|regclass|amvalidate|unique_key|date_trunc_tz|int[248]_(avg|sum).*|float[48]_.*|numeric_(avg|sum|var|std).*|"
    r"interval_avg|jsonb?_(agg|object_agg).*|array_agg.*|string_agg.*|range_agg.*|.*cmp$|starts_with_support|is_normalized|normalize)")


class Catalog:
    """What may be called, by result type: name of type -> [(how to write it, argument types)]."""

    def __init__(self, c, types):
        def rows(sql):
            (r,) = c.query(sql)
            if r.error:
                raise RuntimeError(r.error)
            return r.rows
        self.oid = {t: int(o) for o, t in rows("SELECT oid, typname FROM pg_type WHERE typnamespace = 11")}
        name = {str(o): t for t, o in self.oid.items()}
        self.types = [t for t in types if t in CONSTANTS]
        self.makers = defaultdict(list)
        allowed = set(self.types)
        ordered = {name.get(t) for t, in rows("SELECT DISTINCT opcintype FROM pg_opclass WHERE opcmethod = 403")}
        ordered |= {t for t in self.types if t[0] == "_" or t.endswith("range")}
        for f, ret, args, retset in rows(
                "SELECT proname, prorettype, proargtypes::text, proretset FROM pg_proc WHERE pronamespace = 11 AND prokind = 'f' AND "
                "provolatile IN ('i', 's') AND provariadic = 0 ORDER BY proname, oid"):
            a = [name.get(x, "?") for x in args.split()]
            if retset == "t" or not a or NOT_CALLED.match(f):
                continue
            for ret1, a1 in self.concrete(name.get(ret, "?"), a):
                if set(a1) <= allowed:
                    self.makers[ret1].append((f, "f", a1))
        for o, left, right, ret in rows("SELECT oprname, oprleft, oprright, oprresult FROM pg_operator WHERE oprnamespace = 11 AND "
                                        "oprcode <> 0 ORDER BY oprname, oid"):
            a = [name.get(x, "?") for x in (left, right) if x != "0"]
            for ret1, a1 in self.concrete(name.get(ret, "?"), a):
                if set(a1) <= allowed:
                    self.makers[ret1].append((o, "o", a1))
        for s, t in rows("SELECT castsource, casttarget FROM pg_cast ORDER BY 1, 2"):
            if name.get(s) in allowed and name.get(t) in allowed:
                self.makers[name[t]].append((name[t], "c", [name[s]]))
        for t in self.types:
            self.makers[t].append((t, "c", ["text"]) if "text" in allowed else (t, "case", ["bool", t, t]))
            self.makers[t].append(("coalesce", "f", [t, t]))
            if t in ordered:
                self.makers[t] += [("nullif", "f", [t, t]), ("greatest", "f", [t, t])]

    def concrete(self, ret, args):
        """The signatures that a polymorphic one stands for."""
        if not any(x.startswith("any") for x in args):
            return [(ret, args)]
        out = []
        families = {"anyarray": ("anyelement", {t: t[1:] for t in self.types if t.startswith("_")}),
                    "anyrange": ("anyelement", {"int4range": "int4", "numrange": "numeric", "daterange": "date"}),
                    "anymultirange": ("anyrange", {"int4multirange": "int4range", "nummultirange": "numrange"})}
        plain = [x.replace("anycompatible", "any").replace("anynonarray", "anyelement") for x in [ret] + args]
        plain = ["anyelement" if x == "any" else x for x in plain]
        for kind, (part, members) in families.items():
            if kind not in plain:
                continue
            for whole, elem in members.items():
                sub = {kind: whole, part: elem}
                if kind == "anymultirange":
                    sub["anyelement"] = {"int4multirange": "int4", "nummultirange": "numeric"}[whole]
                if kind == "anyrange" and "anymultirange" in plain:
                    continue
                r = [sub.get(x, x) for x in plain]
                out.append((r[0], r[1:]))
            return out
        return [(t if plain[0] == "anyelement" else plain[0], [t if x == "anyelement" else x for x in plain[1:]])
                for t in self.types if not t.startswith("_")]


class Generator:
    def __init__(self, catalog, seed):
        self.catalog, self.random = catalog, random.Random(seed)

    def constant(self, t):
        if self.random.random() < 0.06:
            return f"NULL::{self.write(t)}"
        v = self.random.choice(CONSTANTS[t].split("|"))
        return "'" + v.replace("'", "''") + "'::" + self.write(t)

    @staticmethod
    def write(t):
        return '"char"' if t == "char" else t[1:] + "[]" if t.startswith("_") else t

    def expression(self, t, depth):
        makers = self.catalog.makers.get(t)
        if depth <= 0 or not makers or self.random.random() < 0.15:
            return self.constant(t) if t in CONSTANTS else None
        return self.call(t, self.random.choice(makers), depth)

    def call(self, t, maker, depth):
        name, kind, types = maker
        args = [self.expression(a, depth - 1) for a in types]
        if None in args:
            return None
        if kind == "o":
            return f"({args[0]} {name} {args[1]})" if len(args) == 2 else f"({name} {args[0]})"
        if kind == "c":
            return f"({args[0]})::{self.write(name)}"
        if kind == "case":
            return f"(CASE WHEN {args[0]} THEN {args[1]} ELSE {args[2]} END)"
        name = name if re.match(r"^[a-z_][a-z0-9_]*$", name) and name not in RESERVED else f'"{name}"'
        return f"{name}({', '.join(args)})"

    def statements(self, count, depth, only=None):
        """Every maker about as often; at its top one of them, constants and others below."""
        all_makers = [(t, m) for t in sorted(self.catalog.makers) for m in self.catalog.makers[t] if not only or m[0] in only]
        while count > 0:
            self.random.shuffle(all_makers)
            for t, m in all_makers:
                e = self.call(t, m, self.random.randint(1, depth))
                if e is None or len(e) > 3000:
                    continue
                yield "SELECT " + e
                count -= 1
                if count <= 0:
                    return


RESERVED = {"left", "right", "overlaps", "substring", "overlay", "position", "extract", "timezone", "char", "bit", "varbit", "interval",
            "time", "timetz", "timestamp", "timestamptz", "bpchar", "varchar", "numeric", "float4", "float8", "int2", "int4", "int8",
            "normalize", "trim", "precision"} - {"left", "right"}
SETTINGS = "SET statement_timeout = '3s'; SET extra_float_digits = 1; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; " \
           "SET IntervalStyle = 'postgres'; SET lc_monetary = 'C'"


def as_answer(results):
    if not results:
        return {}
    r = results[-1]
    if r.error:
        return {"error": (r.error.get("C"), r.error.get("M"))}
    return {"type": r.columns[0][1] if r.columns else None, "rows": r.rows}


def answer(c, sql):
    return as_answer(c.query(sql))


BATCH = 40


def answers(connections, batch):
    """The answers of each connection to all statements, which are sent ahead so that the servers work at the same time."""
    for c in connections:
        c.sock.sendall(b"".join(b"Q" + struct.pack("!i", len(s.encode()) + 5) + s.encode() + b"\0" for s in batch))
    return zip(*[[as_answer(c.results()) for _ in batch] for c in connections])


def kind_of(sql, want, got):
    """What a difference is filed under: the outermost call and the two outcomes."""
    m = re.match(r'SELECT "?([a-z_0-9]+)"?\(', sql)
    head = m.group(1) if m else re.sub(r"'(?:[^']|'')*'", "", sql)[:60]
    short = lambda a: str(a.get("error", "value")) if "error" in a else "value"  # noqa: E731
    return head, re.sub(r"\d+", "N", short(want))[:80], re.sub(r"\d+", "N", short(got))[:80]


# Why differences stay, by what they look like: (pattern over "expression / PostgreSQL's answer / ours", reason).
REASONS = [
    (r"regular expression is too (complex|large)", "the limit on a regular expression's size is PCRE2's, and so is its wording"),
    (r"invalid escape \\\\ sequence", "an escape that PostgreSQL's own engine lets pass at the end"),
    (r"interval typmod", "an internal function called with a modifier that no type has"),
    (r"make_interval.*(1\.7e308|1e15|2147483647)", "PostgreSQL lets parts beyond the range wrap round"),
    (r"time zone \"[0-9a-f.]+\" not recognized", "a zone of digits alone, which PostgreSQL takes for a POSIX one without a name"),
    (r"width_bucket", "buckets with a -0 or with ends further apart than a double holds"),
    (r"statement timeout", "polygons of tens of thousands of corners are compared corner by corner, more slowly"),
    (r"array_position", "the order of the checks of array_position"),
    (r"abbrev|::ffff:", "addresses of IPv4 inside IPv6 are printed in hexadecimal by abbrev(cidr)"),
    (r"\(0,-0\)|\(-0,0\)", "the sign of a zero"),
    (r"flag array", "PostgreSQL answers XX000"),
    (r"bpchar.*\"char\"|\"char\".*bpchar", "an empty \"char\" is a NUL byte in PostgreSQL"),
    (r"jsonpath", "the wording of the jsonpath grammar's errors"),
    (r"error.*error", "two errors in one expression, found in another order"),
    (r"'rows': \[\[None\]\].*error|error.*'rows': \[\[None\]\]", "an argument of a strict function that is NULL anyway is computed, or not"),
]


def reason_of(example):
    for pattern, reason in REASONS:
        if re.search(pattern, example, re.S):
            return reason
    return "not looked into yet"


def both(o, s, pg, c, batch):
    """(statement, PostgreSQL's answer, ours) of each; a connection that broke is made anew and its batch asked one by one."""
    try:
        return [(sql, want, got) for sql, (want, got) in zip(batch, answers((pg[0], c[0]), batch))]
    except (ConnectionError, OSError):
        pass
    out = []
    pg[0] = pgwire.Connection(o.host, int(o.port))
    pg[0].query(SETTINGS)
    for sql in batch:
        try:
            want = answer(pg[0], sql)
        except (ConnectionError, OSError):
            pg[0] = pgwire.Connection(o.host, int(o.port))
            pg[0].query(SETTINGS)
            continue
        try:
            if c[0] is None or s.process.poll() is not None:
                raise ConnectionError
            c[0] = pgwire.Connection("127.0.0.1", s.port, database=s.database)
            c[0].query(SETTINGS)
            got = answer(c[0], sql)
        except (ConnectionError, OSError) as e:
            got = {"crash": str(e)}
            if s.process.poll() is not None:
                s.start()
            c[0] = pgwire.Connection("127.0.0.1", s.port, database=s.database)
            c[0].query(SETTINGS)
        out.append((sql, want, got))
    return out


def compare(o, catalog, pg, found=None):
    """found: gets a tuple (kind, example) for each difference, instead of printing."""
    seen, differences, total = Counter(), 0, 0
    crashed = False
    pg = [pg]
    with Server(o.binary) as s:
        c = [pgwire.Connection("127.0.0.1", s.port, database=s.database)]
        c[0].query(SETTINGS)
        todo = Generator(catalog, o.seed).statements(o.count, o.depth, o.only)
        batches = iter(lambda: list(itertools.islice(todo, BATCH)), [])
        for sql, want, got in itertools.chain.from_iterable(both(o, s, pg, c, b) for b in batches):
            total += 1
            if "crash" in got:
                crashed = True
                print(f"CRASH {sql}")
            if want == got or want.get("error", ("",))[0] == "57014":
                continue
            differences += 1
            k = kind_of(sql, want, got)
            seen[k] += 1
            if found is not None:
                found.append((k, f"{sql}\n  PostgreSQL {str(want)[:300]}\n  here       {str(got)[:300]}"))
            elif seen[k] == 1:
                print(f"{sql}\n  want {str(want)[:400]}\n  got  {str(got)[:400]}")
    if found is not None:
        return crashed, total
    print(f"{total} expressions, {differences} different, {len(seen)} kinds")
    for k, n in seen.most_common(25):
        print(f"  {n:5} {k}")
    return crashed


def survey(o, pg):
    """Every family, and the page of what differs."""
    lines, summary, total, crashed = [], [], 0, False
    for family in o.family.split(","):
        found = []
        gone, n = compare(o, Catalog(pg, sorted(set(FAMILIES[family].split()))), pg, found)
        crashed, total = crashed or gone, total + n
        summary.append((family, n, len(found)))
        print(f"{family}: {n} expressions, {len(found)} different", flush=True)
        examples = {}
        for k, example in found:
            examples.setdefault(k, []).append(example)
        for k, all_of_kind in sorted(examples.items(), key=lambda x: -len(x[1])):
            lines.append(f"{family}, {len(all_of_kind)} times: {reason_of(all_of_kind[0])}\n  {all_of_kind[0]}\n")
    different = sum(d for _, _, d in summary)
    with open(o.page, "w", encoding="utf-8") as f:
        f.write("Random expressions whose answer (value, type, SQLSTATE or message) is not PostgreSQL 15's.\n"
                f"Written by expressions.py survey (seed {o.seed}, {o.count} expressions of each family, depth {o.depth}): "
                f"{total} expressions, {different} different, {'the server went away' if crashed else 'no crash'}.\n\n")
        for family, n, d in summary:
            f.write(f"{family:12} {n:6} expressions {d:4} different\n")
        f.write("\n" + "\n".join(lines))
    return crashed


def write_area(o, catalog):
    path = os.path.join(run.CASES, o.area + ".sql")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"-- expressions.py area {o.area} --family {o.family} --seed {o.seed} --count {o.count} --depth {o.depth}\n")
        for s in SETTINGS.split("; ")[1:]:
            f.write(s + ";\n")
        for sql in Generator(catalog, o.seed).statements(o.count, o.depth, o.only):
            f.write(sql + ";\n")
    run.record(o.host, o.port, [o.area])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("command", choices=["compare", "area", "survey"])
    p.add_argument("binary", help="pgfeather, or the area's name")
    p.add_argument("host")
    p.add_argument("port")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--depth", type=int, default=2)
    p.add_argument("--family", default=",".join(FAMILIES))
    p.add_argument("--page", default=os.path.join(HERE, "expressions.txt"))
    p.add_argument("--only", type=lambda s: set(s.split(",")), default=None)
    o = p.parse_args()
    types = sorted({t for f in o.family.split(",") for t in FAMILIES[f].split()})
    pg = pgwire.Connection(o.host, int(o.port))
    pg.query(SETTINGS)
    if o.command == "survey":
        sys.exit(survey(o, pg))
    catalog = Catalog(pg, types)
    if o.command == "area":
        o.area = o.binary
        write_area(o, catalog)
    elif compare(o, catalog, pg):
        sys.exit(1)


if __name__ == "__main__":
    main()
