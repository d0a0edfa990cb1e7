#!/usr/bin/env python3
"""Random queries beside a PostgreSQL: joins, grouping, windows, subqueries, set operations, WITH, DISTINCT ON, LIMIT over four small
tables with NULLs.

  queries.py BINARY HOST PORT [COUNT] [SEED]   runs COUNT queries (default 2000) on both, prints what differs, ends with 1 if any did
  queries.py show SEED                         prints the queries of one seed

Rows are compared as sets. Errors count as alike when their SQLSTATE is. FULL JOIN over conditions that PostgreSQL refuses is left
out. The area query_random is a fixed choice of these queries.
"""
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

SETUP = """
create table t1 (a int, b int, c text, d numeric);
create table t2 (a int primary key, b int, e date, f bool);
create table t3 (k text, a int, g float8, h int[]);
create table t4 (a int, b bigint, c varchar(10), i interval);
insert into t1 values (1, 1, 'x', 1.5), (2, 1, 'y', 2.25), (3, null, 'x', null), (null, 2, null, 0), (4, 3, 'z', -1), (1, 2, 'x', 1.5), (5, 3, '', 10), (2, null, 'y', 2.25);
insert into t2 values (1, 1, '2024-01-01', true), (2, null, '2024-02-29', false), (3, 2, null, null), (4, 2, '2023-12-31', true), (6, 7, '2024-01-01', false);
insert into t3 values ('x', 1, 0.5, '{1,2}'), ('y', 2, null, '{}'), (null, 3, -1, null), ('x', null, 2.25, '{3,null}'), ('w', 4, 0.5, '{4}');
insert into t4 values (1, 10, 'x', '1 day'), (3, null, 'yy', '2 hours'), (null, 30, 'z', null), (4, 10, null, '1 day'), (7, 20, 'x', '36 hours');
create index on t1 (a); create index on t1 (c, b); create unique index on t4 (a, b); create index on t3 (k);
"""
TABLES = {
    "t1": [("a", "int"), ("b", "int"), ("c", "text"), ("d", "num")],
    "t2": [("a", "int"), ("b", "int"), ("e", "date"), ("f", "bool")],
    "t3": [("k", "text"), ("a", "int"), ("g", "float"), ("h", "arr")],
    "t4": [("a", "int"), ("b", "int"), ("c", "text"), ("i", "iv")],
}
LITERALS = {
    "int": ["0", "1", "2", "3", "-1", "null::int"], "text": ["'x'", "'y'", "''", "null::text"], "num": ["1.5", "0.0", "2.25", "null::numeric"],
    "date": ["date '2024-01-01'", "date '2024-02-29'", "null::date"], "bool": ["true", "false", "null::bool"],
    "float": ["0.5::float8", "2::float8", "null::float8"], "arr": ["array[1,2]", "'{}'::int[]"], "iv": ["interval '1 day'", "null::interval"],
}
SORTABLE = list(LITERALS)


class Gen:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.n = 0

    def pick(self, l):
        return self.r.choice(l)

    def chance(self, p):
        return self.r.random() < p

    def name(self, prefix):
        self.n += 1
        return f"{prefix}{self.n}"

    # --- expressions: scope is [(text, type)]

    def column(self, scope, kind):
        of = [x for x, t in scope if t == kind]
        return self.pick(of) if of else None

    def expr(self, kind, scope, depth=0, subs=True):
        c = self.column(scope, kind)
        p = self.r.random()
        if depth > 2 or p < 0.45:
            return c if c and p < 0.4 else self.pick(LITERALS[kind])
        e = lambda k: self.expr(k, scope, depth + 1, subs)  # noqa: E731
        if p < 0.55:
            return self.pick([f"coalesce({e(kind)}, {e(kind)})", f"case when {self.cond(scope, depth + 1, subs)} then {e(kind)} else {e(kind)} end",
                              f"nullif({e(kind)}, {e(kind)})", f"case {e('int')} when {e('int')} then {e(kind)} end"])
        if subs and p < 0.62:
            return self.scalar_subquery(kind, scope, depth)
        forms = {
            "int": lambda: self.pick([f"({e('int')} + {e('int')})", f"({e('int')} * {e('int')})", f"length({e('text')})", f"abs({e('int')})",
                                      f"({e('int')} % 3)", f"extract(year from {e('date')})::int", f"cardinality({e('arr')})", f"({e('arr')})[1]",
                                      f"greatest({e('int')}, {e('int')})", f"{e('num')}::int"]),
            "text": lambda: self.pick([f"({e('text')} || {e('text')})", f"upper({e('text')})", f"{e('int')}::text", f"substr({e('text')}, {e('int')})",
                                       f"concat({e('text')}, {e('int')})", f"left({e('text')}, 1)", f"to_char({e('date')}, 'YYYY-MM')"]),
            "num": lambda: self.pick([f"({e('num')} + {e('int')})", f"({e('num')} * {e('num')})", f"round({e('num')}, 1)", f"{e('int')}::numeric",
                                      f"({e('int')} / 2.0)"]),
            "date": lambda: self.pick([f"({e('date')} + {e('int')})", f"least({e('date')}, {e('date')})"]),
            "bool": lambda: self.cond(scope, depth + 1, subs),
            "float": lambda: self.pick([f"({e('float')} + {e('float')})", f"{e('int')}::float8", f"abs({e('float')})"]),
            "arr": lambda: self.pick([f"({e('arr')} || {e('int')})", f"array[{e('int')}, {e('int')}]"]),
            "iv": lambda: f"({e('iv')} * 2)",
        }
        return forms[kind]()

    def cond(self, scope, depth=0, subs=True):
        p = self.r.random()
        kind = self.pick(SORTABLE)
        e = lambda k: self.expr(k, scope, depth + 1, subs)  # noqa: E731
        if depth < 2 and p < 0.18:
            return f"({self.cond(scope, depth + 1, subs)} {self.pick(['and', 'or'])} {self.cond(scope, depth + 1, subs)})"
        if depth < 2 and p < 0.23:
            return f"not ({self.cond(scope, depth + 1, subs)})"
        if p < 0.55:
            return f"{e(kind)} {self.pick(['=', '<', '>', '<=', '>=', '<>'])} {e(kind)}"
        if p < 0.63:
            return f"{e(kind)} is {self.pick(['', 'not '])}null"
        if p < 0.69:
            return f"{e(kind)} is {self.pick(['', 'not '])}distinct from {e(kind)}"
        if p < 0.75:
            return f"{e('int')} {self.pick(['', 'not '])}in ({e('int')}, {e('int')}, {e('int')})"
        if p < 0.79:
            return f"{e('text')} like '{self.pick(['x%', '%y%', '_'])}'"
        if p < 0.83:
            return f"{e('int')} {self.pick(['', 'not '])}between {e('int')} and {e('int')}"
        if p < 0.86:
            return f"({e('bool')}) is {self.pick(['true', 'not true', 'unknown', 'not false'])}"
        if p < 0.89:
            return f"({e('int')}, {e('text')}) {self.pick(['=', '<', '>='])} ({e('int')}, {e('text')})"
        if not subs or depth > 1:
            return f"{e('int')} = any ({e('arr')})"
        return self.sub_cond(scope, depth)

    def sub_cond(self, scope, depth):
        kind = self.pick(["int", "text"])
        t, inner = self.table()
        both = inner + scope
        where = self.cond(both, depth + 1, False)
        col = self.expr(kind, inner, 2, False)
        e = self.expr(kind, scope, 2, False)
        return self.pick([
            f"exists (select 1 from {t} where {where})", f"not exists (select 1 from {t} where {where})",
            f"{e} in (select {col} from {t} where {where})", f"{e} not in (select {col} from {t} where {where})",
            f"{e} {self.pick(['=', '<', '>'])} {self.pick(['any', 'all'])} (select {col} from {t} where {where})",
        ])

    def scalar_subquery(self, kind, scope, depth):
        t, inner = self.table()
        where = self.cond(inner + scope, depth + 1, False)
        agg = {"int": ["count(*)::int", "max({})", "sum({})::int"], "text": ["min({})", "string_agg({}, ',' order by {})"], "num": ["sum({})", "avg({})"],
               "date": ["max({})"], "bool": ["bool_or({})"], "float": ["max({})"], "arr": ["max({})"], "iv": ["min({})"]}[kind]
        col = self.expr(kind, inner if self.chance(0.8) else inner + scope, 2, False)
        if self.chance(0.6):
            return f"(select {self.pick(agg).replace('{}', col)} from {t} where {where})"
        return f"(select {col} from {t} where {where} order by 1 limit 1)"

    # --- FROM

    def table(self):
        t = self.pick(list(TABLES))
        alias = self.name("r")
        return f"{t} {alias}", [(f"{alias}.{c}", k) for c, k in TABLES[t]]

    def from_item(self, depth, ctes, outer):
        p = self.r.random()
        if ctes and p < 0.2:
            name, columns = self.pick(ctes)
            alias = self.name("w")
            return f"{name} {alias}", [(f"{alias}.{c}", k) for c, k in columns]
        if depth < 2 and p < 0.4:
            q, columns = self.select(depth + 1, ctes, [])
            alias = self.name("s")
            return f"({q}) {alias}", [(f"{alias}.{c}", k) for c, k in columns]
        if p < 0.46:
            alias = self.name("v")
            rows = ", ".join(f"({self.pick(LITERALS['int'])}, {self.pick(LITERALS['text'])})" for _ in range(self.r.randint(1, 3)))
            return f"(values {rows}) {alias}(p, q)", [(f"{alias}.p", "int"), (f"{alias}.q", "text")]
        if p < 0.5:
            alias = self.name("g")
            return f"generate_series(1, {self.r.randint(0, 3)}) {alias}", [(alias, "int")]
        return self.table()

    def join(self, depth, ctes, outer):
        text, scope = self.from_item(depth, ctes, outer)
        for _ in range(self.pick([0, 0, 1, 1, 1, 2])):
            if self.chance(0.12):
                k = self.pick(["int", "text"])
                t, inner = self.table()
                alias = self.name("l")
                body = f"select {self.expr(k, inner + scope, 1, False)} as z from {t} where {self.cond(inner + scope, 1, False)}"
                kind = self.pick(["cross join lateral ({}) {}", "left join lateral ({}) {} on true", "join lateral ({}) {} on true"])
                text = f"{text} {kind.format(body, alias)}"
                scope = scope + [(f"{alias}.z", k)]
                continue
            right, columns = self.from_item(depth, ctes, outer)
            kind = self.pick(["join", "left join", "left join", "right join", "full join", "cross join"])
            if kind == "cross join":
                text = f"{text} cross join {right}"
            else:
                k = self.pick([k for k in SORTABLE if self.column(scope, k) and self.column(columns, k)] or ["int"])
                l, r = self.column(scope, k) or "1", self.column(columns, k) or "1"
                on = f"{l} = {r}"
                if kind != "full join" and self.chance(0.4):
                    on = f"{on} and {self.cond(scope + columns, 1, self.chance(0.3))}" if self.chance(0.7) else self.cond(scope + columns, 1, False)
                text = f"{text} {kind} {right} on {on}"
            scope = scope + columns
        return text, scope

    # --- SELECT: gives text and columns [(name, type)]

    def aggregate(self, scope):
        e = lambda k: self.expr(k, scope, 1, False)  # noqa: E731
        a, k = self.pick([
            ("count(*)", "int"), (f"count({e('text')})", "int"), (f"count(distinct {e('int')})", "int"), (f"sum({e('int')})::int", "int"),
            (f"min({e('text')})", "text"), (f"max({e('date')})", "date"), (f"avg({e('int')})", "num"), (f"sum({e('num')})", "num"),
            (f"bool_and({e('bool')})", "bool"), (f"max({e('float')})", "float"), (f"array_agg(distinct {e('int')})", "arr"),
            (f"string_agg(distinct {e('text')}, '|')", "text"), (f"max({e('iv')})", "iv")])
        return (f"{a} filter (where {self.cond(scope, 1, False)})" if self.chance(0.2) and "::" not in a else a), k

    def window(self, scope):
        part = f"partition by {self.expr(self.pick(['int', 'text']), scope, 2, False)} " if self.chance(0.6) else ""
        k = self.pick(["int", "text", "num", "date"])
        order = f"order by {self.expr(k, scope, 2, False)}{self.pick(['', ' desc', ' nulls first'])}"
        f, t = self.pick([("rank()", "int"), ("dense_rank()", "int"), (f"count({self.expr('int', scope, 2, False)})", "int"),
                          (f"sum({self.expr('int', scope, 2, False)})", "int"), (f"min({self.expr('text', scope, 2, False)})", "text"),
                          (f"max({self.expr('num', scope, 2, False)})", "num")])
        frame = self.pick(["", "", " range between unbounded preceding and unbounded following", " groups between 1 preceding and current row",
                           " range between current row and unbounded following"])
        text = f"{f} over ({part}{order}{frame if '()' not in f else ''})"
        return (f"({text})::int" if t == "int" else text), t

    def select(self, depth=0, ctes=(), outer=()):
        if depth < 2 and self.chance(0.12):
            return self.set_operation(depth, ctes)
        text, scope = self.join(depth, list(ctes), list(outer))
        where = f" where {self.cond(scope)}" if self.chance(0.6) else ""
        p = self.r.random()
        if p < 0.25:
            return self.grouped(text, scope, where)
        kinds = [self.pick(SORTABLE) for _ in range(self.r.randint(1, 3))]
        targets = [(self.expr(k, scope), k) for k in kinds]
        if p < 0.38:
            targets.append(self.window(scope))
        names = [f"x{i}" for i in range(len(targets))]
        select = ", ".join(f"{e} as {n}" for (e, _), n in zip(targets, names))
        distinct, tail = "", ""
        if self.chance(0.2):
            distinct = "distinct "
        if self.chance(0.3):
            # all columns: the order is fixed up to rows alike
            keys = list(range(1, len(targets) + 1))
            self.r.shuffle(keys)
            tail = " order by " + ", ".join(f"{k}{self.pick(['', ' desc', ' nulls first', ' desc nulls last'])}" for k in keys)
            if not distinct and self.chance(0.15):
                distinct = "distinct on (" + targets[keys[0] - 1][0] + ") "
                tail = " order by " + ", ".join([f"{targets[keys[0] - 1][0]}"] + [str(k) for k in keys[1:]])
            if self.chance(0.4):
                tail += f" limit {self.r.randint(0, 4)}" + (f" offset {self.r.randint(0, 3)}" if self.chance(0.3) else "")
            elif self.chance(0.1):
                tail += " fetch first 2 rows with ties"
        return f"select {distinct}{select} from {text}{where}{tail}", [(n, k) for n, (_, k) in zip(names, targets)]

    def grouped(self, text, scope, where):
        keys = [(self.expr(k, scope, 1, False), k) for k in (self.pick(["int", "text", "date", "bool", "num"]) for _ in range(self.r.randint(0, 2)))]
        keys = [(c, k) for c, k in ((self.column(scope, k) or e, k) for e, k in keys) if not c.startswith("null") and c not in LITERALS[k]]
        aggs = [self.aggregate(scope) for _ in range(self.r.randint(1, 2))]
        targets = keys + aggs
        if keys and self.chance(0.3):
            targets = targets + [self.window_over_groups(keys, scope)]
        names = [f"x{i}" for i in range(len(targets))]
        select = ", ".join(f"{e} as {n}" for (e, _), n in zip(targets, names))
        group = ""
        if keys:
            listed = ", ".join(e for e, _ in keys)
            group = " group by " + (self.pick(["{}", "{}", "{}", "rollup ({})", "cube ({})", "grouping sets (({}), ())"]).format(listed))
        having = f" having {self.aggregate(scope)[0]} is not null" if self.chance(0.25) else ""
        if self.chance(0.2):
            having = f" having count(*) > {self.r.randint(0, 2)}"
        tail = " order by " + ", ".join(str(i + 1) for i in range(len(targets))) if self.chance(0.3) else ""
        return f"select {select} from {text}{where}{group}{having}{tail}", [(n, k) for n, (_, k) in zip(names, targets)]

    def window_over_groups(self, keys, scope):
        key = self.pick(keys)[0]
        return self.pick([(f"(rank() over (order by {key}))::int", "int"), (f"(sum(count(*)) over (order by {key}))::int", "int")])

    def set_operation(self, depth, ctes):
        kinds = [self.pick(SORTABLE) for _ in range(self.r.randint(1, 2))]

        def arm():
            text, scope = self.join(2, list(ctes), [])
            where = f" where {self.cond(scope)}" if self.chance(0.5) else ""
            return "select " + ", ".join(f"{self.expr(k, scope)} as x{i}" for i, k in enumerate(kinds)) + f" from {text}{where}"
        op = lambda: self.pick(["union", "union all", "intersect", "except", "except all", "intersect all"])  # noqa: E731
        q = f"{arm()} {op()} {arm()}"
        if self.chance(0.3):
            q = f"({q}) {op()} {arm()}" if self.chance(0.5) else f"{arm()} {op()} ({q})"
        if self.chance(0.3):
            q += " order by " + ", ".join(str(i + 1) for i in range(len(kinds)))
        return q, [(f"x{i}", k) for i, k in enumerate(kinds)]

    def query(self):
        ctes, parts = [], []
        recursive = False
        for _ in range(self.pick([0, 0, 0, 1, 1, 2])):
            name = self.name("c")
            if self.chance(0.15):
                recursive = True
                n = self.r.randint(1, 4)
                parts.append(f"{name}(x0, x1) as (select 1, 'x'::text union all select x0 + 1, {self.pick(['x1', chr(39) + 'y' + chr(39)])} from {name} where x0 < {n})")
                ctes.append((name, [("x0", "int"), ("x1", "text")]))
                continue
            q, columns = self.select(1, ctes, [])
            parts.append(f"{name} as {self.pick(['', '', 'materialized ', 'not materialized '])}({q})")
            ctes.append((name, columns))
        q, _ = self.select(0, ctes, [])
        return (f"with {'recursive ' if recursive else ''}" + ", ".join(parts) + " " if parts else "") + q


def answer(c, sql):
    r = c.query(sql)[-1]
    if r.error:
        return ("error", r.error["C"], r.error["M"])
    return ("rows", r.columns and [t for _, t, _ in r.columns], r.rows)


def alike(want, got):
    if want[0] != got[0]:
        return False
    if want[0] == "error":
        return want[1] == got[1]
    w, g = want[2], got[2]
    key = lambda row: [(v is None, v or "") for v in row]  # noqa: E731
    return want[1] == got[1] and (w == g or sorted(w, key=key) == sorted(g, key=key))


def main():
    if sys.argv[1] == "show":
        print(Gen(int(sys.argv[2])).query() + ";")
        return 0
    import pgwire
    from server import Server
    binary, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 2000
    first = int(sys.argv[5]) if len(sys.argv) > 5 else 0
    admin = pgwire.Connection(host, port)
    admin.query("drop database if exists query_random")
    admin.query("create database query_random template template0")
    differ = errors = 0
    with Server(binary) as s:
        pg = pgwire.Connection(host, port, database="query_random")
        pf = pgwire.Connection("127.0.0.1", s.port, database=s.database)
        for c in (pg, pf):
            c.query("set statement_timeout = 5000")
            for st in SETUP.strip().split(";\n"):
                c.query(st)
        for seed in range(first, first + count):
            sql = Gen(seed).query()
            want, got = answer(pg, sql), answer(pf, sql)
            errors += want[0] == "error"
            left_out = want[0] == "error" and (want[1] == "57014" or want[2].startswith("FULL JOIN is only"))
            if left_out or alike(want, got):
                continue
            differ += 1
            print(f"--- seed {seed}\n{sql}\n  want {str(want)[:600]}\n  got  {str(got)[:600]}", flush=True)
        pg.close()
        pf.close()
    admin.query("drop database query_random with (force)")
    print(f"{count} queries, {errors} of them errors, {differ} different")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
