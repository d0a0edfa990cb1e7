#!/usr/bin/env python3
"""Records what PostgreSQL 15 answers to the calls in *.spec as golden tables (*.golden) for types_golden.c.

Usage: record.py SPEC... -- psql connection options...
A spec line is a call: name(type 'text', type NULL, ...), "io(type 'text')" for input followed by output,
or "agg name(type,...): text|text;text|text" for an aggregate over rows. "set name value" changes a setting
for the lines below it. '#' begins a comment.
Golden lines, tab separated: internal name, result type, type=text..., then "=" result or "!" SQLSTATE message.
"""
import re
import subprocess
import sys

split = sys.argv.index("--")
specs, options = sys.argv[1:split], sys.argv[split + 1:]
PSQL = ["psql", "-X", "-At", "-q", "-v", "ON_ERROR_STOP=0"] + options

PRELUDE = r"""
CREATE OR REPLACE FUNCTION pg_temp.answer(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
  EXECUTE q INTO r;
  RETURN coalesce(E'=\t' || r, '0');
EXCEPTION WHEN OTHERS THEN
  RETURN E'!\t' || sqlstate || ' ' || sqlerrm;
END $$;
CREATE OR REPLACE FUNCTION pg_temp.internal(p regprocedure) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN prolang = 14 OR prokind = 'a' THEN proname || '(' || coalesce((SELECT string_agg(typname, ',' ORDER BY o)
               FROM unnest(proargtypes) WITH ORDINALITY u(t, o) JOIN pg_type ON pg_type.oid = t), '') || ')'
             ELSE prosrc END || E'\t' || (SELECT typname FROM pg_type WHERE oid = prorettype)
  FROM pg_proc WHERE oid = p $$;
"""

ARG = re.compile(r"\s*([a-z_0-9]+)\s+(?:'((?:[^']|'')*)'|(NULL))\s*(,|$)")


def quote(s):
    return "'" + s.replace("'", "''") + "'"


def parse_args(text):
    args, at = [], 0
    while at < len(text):
        m = ARG.match(text, at)
        if not m:
            raise SystemExit(f"cannot read arguments: {text}")
        args.append((m.group(1), None if m.group(3) else m.group(2).replace("''", "'")))
        at = m.end()
    return args


def literal(a):
    return f"CAST({'NULL' if a[1] is None else quote(a[1])} AS {a[0]})"


def lines_of(path):
    out = [PRELUDE]
    for line in open(path):
        line = line.rstrip("\n")
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("set "):
            _, name, value = line.split(" ", 2)
            out.append(f"SET {name} = {quote(value)};\n\\echo 'set\t{name}\t{value}'")
            continue
        m = re.match(r"agg (\w+)\(([^)]*)\):\s*(.*)$", line)
        if m:
            name, types, rows = m.group(1), m.group(2), m.group(3)
            cols = [f"CAST(c{i} AS {t})" for i, t in enumerate(types.split(","), 1)] if types else ["*"]
            values = ", ".join("(" + ", ".join("NULL" if v == "NULL" else quote(v) for v in r.split("|")) + ")"
                               for r in rows.split(";")) if rows else None
            names = ", ".join(f"c{i}" for i in range(1, len(types.split(",")) + 1))
            source = f"(VALUES {values}) v({names})" if values else \
                "(SELECT " + ", ".join(f"NULL::text c{i}" for i in range(1, len(types.split(",")) + 1)) + " WHERE false) v"
            q = f"SELECT ({name}({', '.join(cols)}))::text FROM {source}"
            out.append(f"SELECT 'agg' || E'\\t' || pg_temp.internal({quote(name + '(' + types + ')')}) || E'\\t' || "
                       f"{quote(types)} || E'\\t' || {quote(rows)} || E'\\t' || pg_temp.answer({quote(q)});")
            continue
        m = re.match(r"(\w+)\((.*)\)\s*$", line)
        if not m:
            raise SystemExit(f"cannot read: {line}")
        name, args = m.group(1), parse_args(m.group(2))
        shown = "".join("\t" + t + ("" if v is None else "=" + v) for t, v in args)
        if name == "io":
            q = f"SELECT {literal(args[0])}::text"
            if args[0][0] in ("bool",):
                q = f"SELECT boolout({literal(args[0])})::text"
            out.append(f"SELECT E'io\\ttext' || {quote(shown)} || E'\\t' || pg_temp.answer({quote(q)});")
        else:
            q = f"SELECT (pg_catalog.\"{name}\"({', '.join(literal(a) for a in args)}))::text"
            sig = f'"{name}"(' + ",".join(t for t, _ in args) + ")"
            out.append(f"SELECT pg_temp.internal({quote(sig)}) || {quote(shown)} || E'\\t' || "
                       f"pg_temp.answer({quote(q)});")
    return "\n".join(out)


for spec in specs:
    text = subprocess.run(PSQL, input=lines_of(spec), capture_output=True, text=True, check=True)
    if text.stderr:
        sys.stderr.write(text.stderr)
    golden = spec.rsplit(".", 1)[0] + ".golden"
    with open(golden, "w") as f:
        f.write(text.stdout)
    print(golden, text.stdout.count("\n"))
