#!/usr/bin/env python3
"""Writes what CREATE EXTENSION brings, for extensions of PostgreSQL 15's contrib, as X-macro rows into sql/catalog/extension/.

Usage: tools/gen_extension.py HOST PORT
Reads a PostgreSQL 15 with contrib through psql, in a database of its own that it makes and drops. The files it writes are
committed; run it again only to add an extension (append to EXTENSIONS: positions give the OIDs) or a column.
"""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "sql", "catalog", "extension")
# The first block of 10,000 numbers is the extension vector's, whose rows are written by hand.
EXTENSIONS = ["pgcrypto", "citext", "pg_trgm", "uuid-ossp", "unaccent", "hstore", "fuzzystrmatch", "tablefunc", "intarray",
              "ltree", "btree_gin", "btree_gist", "cube", "isn"]
DATABASE = "ext_gen_extension"
CONNECT = ["-h", sys.argv[1], "-p", sys.argv[2], "-U", "postgres"]


def psql(database, sql):
    return subprocess.check_output(["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", *CONNECT, "-d", database, "-c", sql],
                                   text=True)


def rows(sql):
    return json.loads(psql(DATABASE, f"SELECT coalesce(json_agg(found_row), '[]') FROM ({sql}) found_row"))


def lit(v):
    if v is None:
        return "NULL"
    if isinstance(v, bool):
        return "1" if v else "0"
    if isinstance(v, (int, float)):
        return str(v)
    return '"' + str(v).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def char(v):
    return "0" if v in (None, "") else f"'{v}'"


class Numbers:
    """Numbers of one extension's objects: OIDs of the oracle to offsets."""

    def __init__(self, base):
        self.base, self.of, self.n = base, {}, 0

    def give(self, oid):
        if oid and oid not in self.of:
            self.n += 1
            self.of[oid] = self.base + self.n
        return self.of.get(oid, 0)


MEMBER = ("EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.refclassid = "
          "'pg_extension'::regclass AND d.deptype = 'e' AND d.classid = '{}'::regclass AND d.objid = {} AND "
          "e.extname = '{}')")


def types(name, num):
    out = []
    for r in rows(f"""SELECT t.*, (SELECT proname FROM pg_proc WHERE oid = typinput) AS i, (SELECT proname FROM pg_proc WHERE oid = typoutput) AS o,
            nullif(typreceive, 0)::regproc::text AS r, nullif(typsend, 0)::regproc::text AS s,
            nullif(typmodin, 0)::regproc::text AS mi, nullif(typmodout, 0)::regproc::text AS mo,
            nullif(typsubscript, 0)::regproc::text AS sub, t.typcollation AS coll
            FROM pg_type t WHERE {MEMBER.format('pg_type', 't.oid', name)} AND typtype = 'b' ORDER BY oid"""):
        number, array = num.give(int(r["oid"])), num.give(int(r["typarray"]))
        out.append(f"EXT_TYPE({number}, {array}, {lit(r['typname'])}, {r['typlen']}, {lit(r['typbyval'])}, "
                   f"{char(r['typcategory'])}, {lit(r['typispreferred'])}, {char(r['typdelim'])}, {char(r['typalign'])}, "
                   f"{char(r['typstorage'])}, {r['coll']}, {lit(r['i'])}, {lit(r['o'])}, {lit(r['r'])}, {lit(r['s'])}, "
                   f"{lit(r['mi'])}, {lit(r['mo'])}, {lit(r['sub'])})")
    for r in rows(f"""SELECT t.oid, t.typrelid, t.typarray, t.typname, (SELECT string_agg(attname || ' ' || y.typname, ',' ORDER BY attnum)
            FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE attrelid = t.typrelid AND attnum > 0) AS columns
            FROM pg_type t WHERE {MEMBER.format('pg_type', 't.oid', name)} AND typtype = 'c' ORDER BY oid"""):
        n = [num.give(int(r[c])) for c in ("oid", "typarray", "typrelid")]
        out.append(f"EXT_COMPOSITE({n[0]}, {n[1]}, {n[2]}, {lit(r['typname'])}, {lit(r['columns'])})")
    return out


def procs(name, num):
    out = []
    for r in rows(f"""SELECT p.*, l.lanname, t.typname AS result, v.typname AS variadic_name, pronargdefaults AS ndefaults,
            coalesce((SELECT string_agg(y.typname, ' ' ORDER BY o) FROM unnest(proargtypes::oid[]) WITH ORDINALITY u(x, o)
             JOIN pg_type y ON y.oid = x), '') AS args,
            (SELECT string_agg(y.typname, ' ' ORDER BY o) FROM unnest(proallargtypes) WITH ORDINALITY u(x, o)
             JOIN pg_type y ON y.oid = x) AS allargs,
            array_to_string(proargmodes, '') AS modes, array_to_string(proargnames, ' ') AS names
            FROM pg_proc p JOIN pg_language l ON l.oid = prolang JOIN pg_type t ON t.oid = prorettype
            LEFT JOIN pg_type v ON v.oid = provariadic
            WHERE {MEMBER.format('pg_proc', 'p.oid', name)} ORDER BY p.oid"""):
        assert not r["ndefaults"]
        number = num.give(int(r["oid"]))
        sql = r["lanname"] == "sql"
        symbol = r["prosrc"]
        if sql or r["prokind"] == "a":
            symbol = f"{r['proname']}({r['args'].replace(' ', ',')})"
        flags = ("s" if r["proisstrict"] else "") + r["provolatile"] + ("r" if r["proretset"] else "") + \
            ("q" if sql else "") + ("n" if r["lanname"] == "internal" else "") + ("p" if r["proparallel"] == "s" else "")
        flags = flags.replace("s", "S", 1) if r["proisstrict"] else flags
        out.append(f"EXT_PROC({number}, {lit(r['proname'])}, {lit(symbol)}, {lit(r['args'])}, {lit(r['result'])}, "
                   f"{char(r['prokind'])}, {lit(flags)})")
        if r["allargs"] or r["names"]:
            out.append(f"EXT_PROC_ARGS({number}, {lit(r['allargs'])}, {lit(r['modes'] or None)}, {lit(r['names'] or None)}, "
                       f"{lit(r['variadic_name'])})")
        elif r["variadic_name"]:
            out.append(f"EXT_PROC_ARGS({number}, NULL, NULL, NULL, {lit(r['variadic_name'])})")
    for r in rows(f"""SELECT a.*, aggfnoid::oid AS oid, t.typname AS trans, p.proisstrict AS strict FROM pg_aggregate a
            JOIN pg_type t ON t.oid = aggtranstype JOIN pg_proc p ON p.oid = aggtransfn
            WHERE {MEMBER.format('pg_proc', 'aggfnoid', name)} ORDER BY 1"""):
        out.append(f"EXT_AGGREGATE({num.give(int(r['oid']))}, {lit(r['trans'])}, {lit(r['agginitval'])}, "
                   f"{lit(r['strict'])}, {num.give(int(r['aggsortop']))})")
    return out


def operators(name, num):
    out = []
    found = rows(f"""SELECT o.oid, oprname, oprkind, oprcanmerge, oprcanhash, oprcode::oid AS code, oprcom, oprnegate,
            l.typname AS l, r.typname AS r, t.typname AS t FROM pg_operator o LEFT JOIN pg_type l ON l.oid = oprleft
            JOIN pg_type r ON r.oid = oprright JOIN pg_type t ON t.oid = oprresult
            WHERE {MEMBER.format('pg_operator', 'o.oid', name)} ORDER BY o.oid""")
    for r in found:
        num.give(int(r["oid"]))
    for r in found:
        code = int(r["code"])
        proc = num.of.get(code)
        # a function of pg_catalog goes by its own OID, negative
        code_text = str(proc) if proc else f"-{code}"
        out.append(f"EXT_OPERATOR({num.give(int(r['oid']))}, {lit(r['oprname'])}, {lit(r['l'] or '')}, {lit(r['r'])}, "
                   f"{lit(r['t'])}, {code_text}, {num.of.get(int(r['oprcom']), 0)}, {num.of.get(int(r['oprnegate']), 0)}, "
                   f"{lit(r['oprcanmerge'])}, {lit(r['oprcanhash'])})")
    return out


def casts(name, num):
    out = []
    for r in rows(f"""SELECT c.*, s.typname AS s, t.typname AS t FROM pg_cast c JOIN pg_type s ON s.oid = castsource
            JOIN pg_type t ON t.oid = casttarget WHERE {MEMBER.format('pg_cast', 'c.oid', name)} ORDER BY c.oid"""):
        func = int(r["castfunc"])
        number = num.give(int(r["oid"]))
        out.append(f"EXT_CAST({number}, {lit(r['s'])}, {lit(r['t'])}, {num.of.get(func) or (-func if func else 0)}, "
                   f"{char(r['castcontext'])}, {char(r['castmethod'])})")
    return out


def opclasses(name, num):
    out = []
    for r in rows(f"""SELECT c.*, a.amname, t.typname AS t, k.typname AS k FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
            JOIN pg_type t ON t.oid = opcintype LEFT JOIN pg_type k ON k.oid = opckeytype
            WHERE {MEMBER.format('pg_opclass', 'c.oid', name)} ORDER BY c.oid"""):
        number, family = num.give(int(r["oid"])), num.give(int(r["opcfamily"]))
        out.append(f"EXT_OPCLASS({number}, {family}, {lit(r['amname'])}, {lit(r['opcname'])}, {lit(r['t'])}, "
                   f"{lit(r['opcdefault'])}, 0)")
    return out


def generate(position, name):
    num = Numbers(position * 10000)
    e = rows(f"""SELECT version, superuser, trusted, relocatable, schema, requires::text[], v.comment AS comment FROM
            pg_available_extension_versions v JOIN pg_available_extensions a USING (name)
            WHERE name = '{name}' AND version = default_version""")[0]
    requires = ",".join(e["requires"] or [])
    lines = [f"EXT_EXTENSION({position}, {lit(name)}, {lit(e['version'])}, {lit(e['schema'])}, {lit(e['relocatable'])}, "
             f"{lit(e['superuser'])}, {lit(e['trusted'])}, {lit(requires or None)}, {lit(e['comment'])})"]
    for part in (types, procs, operators, casts, opclasses):
        lines += part(name, num)
    file = f"{name.replace('-', '_')}.def"
    with open(os.path.join(OUT, file), "w") as f:
        f.write(f"/* {file}: what CREATE EXTENSION {name if '-' not in name else chr(39) + name + chr(39)} brings; rows as in "
                f"vector.def.\n   Generated by tools/gen_extension.py from PostgreSQL 15; do not edit. */\n")
        f.write("\n".join(lines) + "\n")
    print(file, len(lines))


def unaccent_table():
    """What each accented character becomes, asked of the oracle character by character."""
    found = rows("""SELECT n, unaccent(chr(n)) AS u FROM generate_series(128, 201551) n
                 WHERE n NOT BETWEEN 55296 AND 57343 AND unaccent(chr(n)) <> chr(n) ORDER BY n""")
    path = os.path.join(ROOT, "sql", "types", "contrib", "unaccent.def")
    with open(path, "w") as f:
        f.write("/* unaccent.def: UNACCENT(code point, text without the accent) in order of code points.\n"
                "   Generated by tools/gen_extension.py from PostgreSQL 15; do not edit. */\n")
        for r in found:
            f.write(f"UNACCENT({r['n']:#x}, {lit(r['u'])})\n")
    print(path, len(found))


def main():
    psql("postgres", f"DROP DATABASE IF EXISTS {DATABASE}")
    psql("postgres", f"CREATE DATABASE {DATABASE}")
    try:
        os.makedirs(OUT, exist_ok=True)
        for name in EXTENSIONS:
            psql(DATABASE, f'CREATE EXTENSION "{name}" CASCADE')
        for i, name in enumerate(EXTENSIONS):
            generate(i + 1, name)
        unaccent_table()
    finally:
        psql("postgres", f"DROP DATABASE {DATABASE}")


main()
