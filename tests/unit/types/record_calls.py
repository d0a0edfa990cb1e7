#!/usr/bin/env python3
"""Records PostgreSQL 15's answers to the calls in *.calls as *.answers, which types_calls.c compares with ours.

Usage: record_calls.py FILE.calls... -- psql connection options...
A line is a call of a function by its SQL name, arguments as literals: name(type 'text', type[] NULL, ...).
"*name(...)" is a set-returning function with one column; "=type 'text'" is input followed by output.
Answer lines, tab separated: name, result type, type=text or type (NULL) per argument, then one of
"=" text, "0" (NULL), "!" SQLSTATE message|detail|hint. Backslash, tab and newline are escaped.
"""
import re
import subprocess
import sys

split = sys.argv.index("--")
files, options = sys.argv[1:split], sys.argv[split + 1:]
PSQL = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"] + options
PRELUDE = r"""
SET client_min_messages = error;
SET TIME ZONE 'UTC';
CREATE FUNCTION pg_temp.escape(s text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(replace(replace(s, '\', '\\'), E'\n', '\n'), E'\t', '\t') $$;
CREATE FUNCTION pg_temp.answer(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; d text; h text; m text;
BEGIN
  EXECUTE q INTO r;
  RETURN coalesce(E'=\t' || pg_temp.escape(r), E'0\t');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, m = MESSAGE_TEXT;
  RETURN E'!\t' || pg_temp.escape(sqlstate || ' ' || m || '|' || d || '|' || h);
END $$;
CREATE FUNCTION pg_temp.type_of(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
  EXECUTE q INTO r;
  RETURN r;
EXCEPTION WHEN OTHERS THEN RETURN 'text';
END $$;
"""
ARGUMENT = re.compile(r"\s*([a-z_0-9\"]+)(\[\])?\s+(?:'((?:[^']|'')*)'|(NULL))\s*(?:,|$)")


def escape(s):
    return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def quote(s):
    return "'" + s.replace("'", "''") + "'"


def parse(line):
    if line.startswith("="):
        return "=", line[1:]
    m = re.fullmatch(r"(\*?)([a-z_0-9]+)\((.*)\)", line)
    return m[1] + m[2], m[3]


def statement(line):
    name, text = parse(line)
    arguments, fields, at = [], [], 0
    while at < len(text):
        m = ARGUMENT.match(text, at)
        if not m:
            sys.exit("bad arguments: " + line)
        sql_type = m[1] + (m[2] or "")
        type_name = ("_" if m[2] else "") + m[1].strip('"')
        value = None if m[4] else m[3].replace("''", "'")
        arguments.append((quote(value) if value is not None else "NULL") + "::" + sql_type)
        fields.append(type_name if value is None else type_name + "=" + escape(value))
        at = m.end()
    if name == "=":
        call = arguments[0]
        query = f"SELECT format('%s', {call})"
    elif name[0] == "*":
        call = f"{name[1:]}({', '.join(arguments)})"
        query = f"SELECT string_agg(CASE WHEN x IS NULL THEN 'NULL' ELSE format('%s', x) END, ' | ') FROM {call} x"
        call = f"x FROM {call} x LIMIT 1"
    else:
        call = f"{name}({', '.join(arguments)})"
        query = f"SELECT CASE WHEN x IS NOT NULL THEN format('%s', x) END FROM (SELECT {call} AS x OFFSET 0) s"
    if call.startswith("x FROM"):
        typed = "SELECT typname FROM pg_type, (SELECT pg_typeof(" + call.split(" ", 1)[0] + ") o " + call[2:] + ") t WHERE oid = o"
    else:
        typed = f"SELECT typname FROM pg_type WHERE oid = pg_typeof({call})"
    return (f"SELECT {quote(name)} || E'\\t' || coalesce(pg_temp.type_of({quote(typed)}), 'text') || E'\\t' || "
            + quote("".join(f + "\t" for f in fields)) + f" || pg_temp.answer({quote(query)});\n")


for path in files:
    with open(path) as f:
        lines = [line.strip("\n") for line in f]
    script = PRELUDE + "".join(statement(x) for x in lines if x and not x.startswith("#"))
    answer = subprocess.run(PSQL, input=script, capture_output=True, text=True, check=False)
    if answer.returncode:
        sys.exit(answer.stderr)
    with open(path.replace(".calls", ".answers"), "w") as f:
        f.write(answer.stdout)
