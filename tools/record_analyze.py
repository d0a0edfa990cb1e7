#!/usr/bin/env python3
"""Records what PostgreSQL's parse analysis says of statements, for tests/unit/analyze_*.

Usage: tools/record_analyze.py "conninfo of a PostgreSQL 15" FILE.sql > FILE.golden
FILE.sql has one statement per line ("--" starts a comment line). Lines that start with "!" are executed in a database made for the
recording, and are copied. Lines that start with "?" are executed and rolled back: T and the command tag, or E as below. {t} stands for a subquery with columns of many types, in the answer
too. A line of the answer: statement, then R and name:type pairs and P and parameter types, or E and SQLSTATE, position, message,
detail, hint; separated by tabs. Nothing else is executed: statements are only prepared.
"""
import ctypes
import ctypes.util
import os
import sys

pq = ctypes.CDLL(ctypes.util.find_library("pq"))
for name, res in (("PQconnectdb", "p"), ("PQexec", "p"), ("PQprepare", "p"), ("PQdescribePrepared", "p"),
                  ("PQresultErrorField", "s"), ("PQcmdStatus", "s"), ("PQfname", "s"), ("PQgetvalue", "s"), ("PQerrorMessage", "s")):
    getattr(pq, name).restype = ctypes.c_void_p if res == "p" else ctypes.c_char_p
pq.PQftype.restype = ctypes.c_uint
pq.PQparamtype.restype = ctypes.c_uint

T = ("(SELECT NULL::bool bo, NULL::int2 i2, NULL::int4 a, NULL::int8 i8, NULL::float4 f4, NULL::float8 f8, "
     "NULL::numeric n, NULL::numeric(10,2) n2, NULL::text b, NULL::varchar(10) c, NULL::char(5) ch, NULL::name na, "
     "NULL::\"char\" qc, NULL::date d, NULL::time ti, NULL::timetz tz, NULL::timestamp(3) ts, NULL::timestamptz tt, "
     "NULL::interval iv, NULL::int4[] ia, NULL::text[] ta, NULL::json j, NULL::jsonb jb, NULL::uuid u, "
     "NULL::bytea by, NULL::inet ip, NULL::int4range r, NULL::bit(3) bi, NULL::varbit vb, NULL::oid o, "
     "NULL::regclass rc, NULL::money m, NULL::point pt, NULL::tsvector tv, NULL::numeric[] na2) t")


def text(p):
    return "" if p is None else p.decode()


def escape(s):
    return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def main():
    conn = ctypes.c_void_p(pq.PQconnectdb(sys.argv[1].encode()))
    admin, name = conn, f"record_analyze_{os.getpid()}"
    pq.PQexec(admin, f"CREATE DATABASE {name} TEMPLATE template0".encode())

    def connect():
        return ctypes.c_void_p(pq.PQconnectdb(f"{sys.argv[1]} dbname={name}".encode()))

    try:
        record(connect)
    finally:
        pq.PQexec(admin, f"DROP DATABASE {name}".encode())


def error_fields(r):
    return [escape(text(pq.PQresultErrorField(r, ord(c)))) for c in "CPMDH"]


def executed(connect, line):
    """Tag or error; a connection of its own, so that COPY may stay unfinished."""
    conn = connect()
    pq.PQexec(conn, b"BEGIN")
    r = ctypes.c_void_p(pq.PQexec(conn, line[1:].encode()))
    failed = pq.PQresultStatus(r) == 7
    tag = text(pq.PQcmdStatus(r)).rstrip("0123456789 ")
    out = [line, "E"] + error_fields(r) if failed else [line, "T", tag or "COPY"]
    pq.PQfinish(conn)
    return out


def record(connect):
    conn = connect()

    def type_name(oid, mod):
        r = ctypes.c_void_p(pq.PQexec(conn, f"SELECT format_type({oid}, {mod})".encode()))
        return text(pq.PQgetvalue(r, 0, 0))

    for line in open(sys.argv[2]):
        line = line.rstrip("\n")
        if not line or line.startswith("--"):
            continue
        if line.startswith("!"):
            r = ctypes.c_void_p(pq.PQexec(conn, line[1:].encode()))
            if pq.PQresultStatus(r) != 1:
                sys.exit(line + ": " + text(pq.PQerrorMessage(conn)))
            print(line)
            continue
        if line.startswith("?"):
            print("\t".join(executed(connect, line)))
            continue
        sql = line.replace("{t}", T)
        r = ctypes.c_void_p(pq.PQprepare(conn, b"", sql.encode(), 0, None))
        if pq.PQresultStatus(r) != 1:
            print("\t".join([line, "E"] + error_fields(r)))
            continue
        r = ctypes.c_void_p(pq.PQdescribePrepared(conn, b""))
        out = [line, "R"]
        for i in range(pq.PQnfields(r)):
            out.append(text(pq.PQfname(r, i)) + ":" + type_name(pq.PQftype(r, i), pq.PQfmod(r, i)))
        out.append("P")
        for i in range(pq.PQnparams(r)):
            out.append(type_name(pq.PQparamtype(r, i), -1))
        print("\t".join(out))
    pq.PQfinish(conn)


main()
