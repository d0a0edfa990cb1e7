#!/usr/bin/env python3
"""pg8000, a driver in pure Python: values in text and parameters by type, prepared statements, COPY, LISTEN, errors."""
import datetime
import io
import os
import pathlib

import pg8000.native

CASES = pathlib.Path(os.environ["PGFEATHER_CASES"])


def line(name, value):
    print(f"{name}: {value if isinstance(value, str) else repr(value)}")


def pairs(name):
    for row in (CASES / name).read_text(encoding="utf-8").splitlines():
        yield row.split("\t", 1)


def connect():
    return pg8000.native.Connection(os.environ["PGUSER"], host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]),
                                    database=os.environ["PGDATABASE"])


def attempt(name, function):
    try:
        line(name, function())
    except pg8000.native.DatabaseError as e:
        fields = e.args[0]
        if isinstance(fields, dict):
            fields = {k: v for k, v in fields.items() if k not in "FLR"}
        line(name, fields)
    except Exception as e:  # what the driver itself refuses
        line(name, f"{type(e).__name__} {e}")


def values(con):
    for sql_type, text in pairs("values.tsv"):
        attempt(f"{sql_type} {text}", lambda: con.run(f"SELECT CAST(:v AS {sql_type}) AS v", v=text))
        attempt(f"{sql_type} {text} back", lambda: con.run(
            f"SELECT CAST(CAST(:v AS {sql_type}) AS text)", v=con.run(f"SELECT CAST(:t AS {sql_type})", t=text)[0][0]))
    con.run("SELECT id, title, price FROM book WHERE false")
    line("columns", [(c["name"], c["type_oid"], c["type_size"], c["type_modifier"], c["column_attrnum"]) for c in con.columns])
    


def flow(con):
    statement = con.prepare("SELECT title, price FROM book WHERE id = :id")
    line("prepared", [statement.run(id=i) for i in (1, 2, 3)])
    statement.close()
    line("typed", con.run("SELECT :d, :t, :i, :n, :b, :l", d=datetime.date(2024, 2, 29), t=datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
                          i=datetime.timedelta(days=1, seconds=2), n=None, b=b"\x00\xff", l=[1, 2, None]))
    con.run("START TRANSACTION")
    con.run("INSERT INTO author (name) VALUES ('lost')")
    attempt("unique", lambda: con.run("INSERT INTO author (name) VALUES ('Ada')"))
    attempt("aborted", lambda: con.run("SELECT 1"))
    con.run("ROLLBACK")
    line("inserted", con.run("INSERT INTO author (name) VALUES (:a), (:b) RETURNING name", a="p1", b="p2"))
    line("deleted", (con.run("DELETE FROM author WHERE name LIKE 'p_'"), con.row_count))
    con.run("COPY author (name, born) FROM STDIN WITH (FORMAT csv)", stream=io.StringIO("c1,2001-01-01\nc2,\n"))
    out = io.StringIO()
    con.run("COPY (SELECT name, born FROM author WHERE name LIKE 'c_' ORDER BY 1) TO STDOUT", stream=out)
    line("copied", out.getvalue())
    con.run("DELETE FROM author WHERE name LIKE 'c_'")
    con.run("LISTEN news")
    con.run("NOTIFY news, 'payload'")
    con.run("SELECT 1")
    line("notified", [(channel, payload) for _, channel, payload in con.notifications])
    con.run("DROP TABLE IF EXISTS nowhere")
    line("notices", [{k.decode(): v.decode() for k, v in n.items() if k not in (b"F", b"L", b"R")} for n in con.notices])
    line("status", [(k, v) for k, v in sorted(con.parameter_statuses.items()) if k in ("server_encoding", "integer_datetimes", "DateStyle")])
    line("large", con.run("SELECT length(:t)", t="ä" * 700000))


def main():
    con = connect()
    con.run((CASES / "schema.sql").read_text(encoding="utf-8"))
    con.run("SET TimeZone = 'UTC'")
    values(con)
    for name, sql in pairs("errors.tsv"):
        attempt(name, lambda: con.run(sql))
    flow(con)
    con.close()


main()
