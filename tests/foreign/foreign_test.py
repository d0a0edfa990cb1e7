#!/usr/bin/env python3
"""Files that other programs made, opened by pgfeather, and its own in SQLite's shell: foreign_test.py BINARY [PGFUNCTIONS.so [TEST]]"""
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import files
from pgwire import Connection
from server import Server

BINARY = sys.argv[1]
passed = failed = 0


def check(name, got, wanted):
    global passed, failed
    if got == wanted:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {name}\n  got    {got!r}\n  wanted {wanted!r}")


class Opened:
    """A file served; sql() gives rows, or the error's SQLSTATE and message."""

    def __init__(self, path):
        self.server, self.path = Server(BINARY, path), path

    def __enter__(self):
        self.server.start()
        self.c = Connection("127.0.0.1", self.server.port, database=self.server.database)
        return self

    def sql(self, text):
        r = self.c.query(text)[-1]
        if r.error:
            return r.error["C"] + " " + r.error["M"]
        return [tuple(row) for row in r.rows] if r.columns else r.tag

    def types(self, table):
        return dict(self.sql("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
                             f"WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum"))

    def log(self):
        with open(os.path.join(self.server.directory, "log")) as f:
            return f.read()

    def __exit__(self, *exc):
        self.c.close()
        self.server.stop()
        shutil.rmtree(self.server.directory, ignore_errors=True)


def new(name):
    return os.path.join(tempfile.mkdtemp(prefix="foreign-", dir=ROOT), name)


def integrity(path):
    db = sqlite3.connect(path)
    answer = db.execute("PRAGMA integrity_check").fetchall() + db.execute("PRAGMA foreign_key_check").fetchall()
    db.close()
    return answer


CONSTRAINTS = ("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{}'::regclass ORDER BY contype, conname")
INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = '{}' ORDER BY indexname"


def test_django():
    path = files.build(new("django.db"), files.DJANGO)
    before = open(path, "rb").read()
    with Opened(path) as o:
        check("django types", o.types("app_item"),
              {"id": "bigint", "kind_id": "bigint", "active": "boolean", "maybe": "boolean", "code": "character varying(20)", "note": "text",
               "small": "bigint", "price": "numeric", "day": "date", "made": "timestamp without time zone", "clock": "time without time zone",
               "span": "bigint", "uid": "character varying(32)", "data": "text", "raw": "bytea", "double": "bigint"})
        check("django row", o.sql("SELECT * FROM app_item WHERE id = 1")[0],
              ("1", "1", "t", None, "Héllo", "two\nlines", "5", "10.5", "2024-02-29", "2024-02-29 12:30:15.123", "01:02:03", "86405000000",
               "e55c3ffd507848d3b7fb4589e0cd57ab", '{"a": [1, 2]}', "\\x0001ff", "10"))
        check("django constraints", o.sql(CONSTRAINTS.format("app_item")),
              [("app_item_small_check", "CHECK ((small >= 0))"), ("small_low", "CHECK ((small < 1000))"),
               ("app_item_kind_id_fkey", "FOREIGN KEY (kind_id) REFERENCES app_kind(id) DEFERRABLE INITIALLY DEFERRED"),
               ("app_item_pkey", "PRIMARY KEY (id)")])
        check("django indexes", o.sql(INDEXES.format("app_item")),
              [("CREATE INDEX app_item_kind_id_99ebac2a ON public.app_item USING btree (kind_id)",),
               ("CREATE UNIQUE INDEX app_item_pkey ON public.app_item USING btree (id)",),
               ("CREATE UNIQUE INDEX code_if_active ON public.app_item USING btree (code) WHERE active",),
               ("CREATE INDEX day_desc ON public.app_item USING btree (day DESC, small)",),
               ("CREATE INDEX lower_code ON public.app_item USING btree (lower((code)::text))",)])
        check("time compared as time", o.sql("SELECT id FROM app_item WHERE made <= '2024-02-29 12:30:15.123' ORDER BY made"), [("2",), ("1",)])
        check("number compared", o.sql("SELECT id FROM app_item WHERE price = 10.50"), [("1",)])
        check("number computed", o.sql("SELECT price * 2, min(price) OVER (), sum(price) OVER () FROM app_item ORDER BY id"),
              [("21.0", "3", "13.5"), ("6", "3", "13.5")])
        check("generated", o.sql("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'app_item'::regclass"), [("(small * 2)",)])
    check("reading leaves the file as it was", open(path, "rb").read()[100:] == before[100:], True)
    check("and its journal mode", sqlite3.connect(path).execute("PRAGMA journal_mode").fetchall(), [("delete",)])
    with Opened(path) as o:
        check("insert returning", o.sql("INSERT INTO app_kind (name) VALUES ('new') RETURNING *"), [("3", "new")])
        check("unique", o.sql("INSERT INTO app_kind (name) VALUES ('new')"),
              '23505 duplicate key value violates unique constraint "app_kind_name_key"')
        check("check with a name", o.sql("UPDATE app_item SET small = 1000"),
              '23514 new row for relation "app_item" violates check constraint "small_low"')
        check("check without", o.sql("UPDATE app_item SET small = -1"),
              '23514 new row for relation "app_item" violates check constraint "app_item_small_check"')
        check("time stored with six digits", o.sql("UPDATE app_item SET made = made + interval '0.5 s', price = 7.25 WHERE id = 1"), "UPDATE 1")
        check("upsert on partial index", o.sql("INSERT INTO app_item (kind_id, active, code, note, small, uid) VALUES "
                                               "(1, true, 'Héllo', '', 1, '') ON CONFLICT (code) WHERE active DO NOTHING"), "INSERT 0 0")
        check("deferred key at COMMIT", o.sql("INSERT INTO app_item (kind_id, active, code, note, small, uid) VALUES (99, true, 'k', '', 1, '')"),
              '23503 insert or update on table "app_item" violates foreign key constraint "app_item_kind_id_fkey"')
    db = sqlite3.connect(path)
    check("as Django reads it", db.execute("SELECT made, price, typeof(price) FROM app_item WHERE id = 1").fetchall(),
          [("2024-02-29 12:30:15.623000", 7.25, "real")])
    db.close()
    check("integrity", integrity(path), [("ok",)])


def test_rails():
    path = files.build(new("rails.db"), files.RAILS)
    with Opened(path) as o:
        check("rails booleans", o.sql("SELECT name, admin, legacy FROM authors WHERE NOT legacy"), [("Ann", "f", "f")])
        check("rails times", o.sql("SELECT created_at FROM authors ORDER BY created_at DESC"),
              [("2024-05-06 07:08:09.123456",), ("2024-05-06 07:08:09",)])
        check("rails defaults", o.sql("SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 'posts' "
                                      "AND column_default IS NOT NULL ORDER BY ordinal_position"),
              [("title", "'none'::character varying"), ("rating", "1.5"), ("settings", "'{}'::json")])
        check("rails scale", o.sql("SELECT rating, settings FROM posts"), [("1.50", "{}")])
        check("rails constraints", o.sql(CONSTRAINTS.format("posts")),
              [("fk_rails_5f4bb2", "FOREIGN KEY (author_id) REFERENCES authors(id) ON DELETE CASCADE"), ("posts_pkey", "PRIMARY KEY (id)")])
        check("rails insert", o.sql("INSERT INTO posts (author_id, title, created_at) VALUES (2, DEFAULT, now()) RETURNING id, title, rating"),
              [("2", "none", "1.50")])
        check("rails cascade", o.sql("DELETE FROM authors WHERE id = 1"), "DELETE 1")
        check("cascaded", o.sql("SELECT id FROM posts"), [("2",)])
    check("integrity", integrity(path), [("ok",)])


def test_sqlalchemy():
    path = files.build(new("sa.db"), files.SQLALCHEMY)
    with Opened(path) as o:
        check("sa row", o.sql('SELECT b, c, n, f, dt, tm, j, lb, g, dflt, odd, "order" FROM "all types"'),
              [("t", "red", "10.10", "1.25", "2024-01-02 03:04:05", "01:02:03", '{"k": null}', "\\x0078", "12", "7", "31", "1")])
        check("sa constraints", o.sql(CONSTRAINTS.format('"all types"')),
              [("all types_i_check", "CHECK ((i > 0))"),
               ("col", "CHECK (((c)::text = ANY ((ARRAY['red'::character varying, 'green'::character varying])::text[])))"),
               ("all types_pid_fkey", "FOREIGN KEY (pid) REFERENCES parent(id) ON DELETE CASCADE"), ("all types_pkey", "PRIMARY KEY (id)"),
               ("uq_s_n", "UNIQUE (s, n)")])
        check("defaults that SQLite computes", o.sql('INSERT INTO "all types" (s, odd) VALUES (\'q\', DEFAULT) RETURNING dflt, odd, ts IS NOT NULL'),
              [("7", "31", "t")])
        check("and what cannot be", o.sql('UPDATE "all types" SET odd = DEFAULT'),
              "0A000 the default of column \"odd\" is an expression of SQLite's, which is not supported here")
        check("sa check", o.sql('INSERT INTO "all types" (c) VALUES (\'blue\')'),
              '23514 new row for relation "all types" violates check constraint "col"')
        check("composite key", o.sql("INSERT INTO pair VALUES (1, 'x')"), '23505 duplicate key value violates unique constraint "pair_pkey"')


def test_chinook():
    path = files.build(new("chinook.db"), files.CHINOOK)
    with Opened(path) as o:
        check("view", o.sql('SELECT * FROM "Albums by Artist" ORDER BY "Name"'),
              [("AC/DC", "For Those About To Rock"), ("Accept", "Balls to the Wall")])
        check("view's text", "JOIN Album" in o.sql("SELECT pg_get_viewdef('\"Albums by Artist\"'::regclass)")[0][0], True)
        check("views in catalogs", o.sql("SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') "
                                         "ORDER BY 1"), [("Album", "r"), ("Albums by Artist", "v"), ("Artist", "r"), ("Invoice Line", "r")])
        check("money", o.sql('SELECT sum("UnitPrice" * "Quantity"), max("UnitPrice") FROM "Invoice Line"'), [("5.97", "1.50")])
        check("names of keys", o.sql(CONSTRAINTS.format('"Album"')),
              [("Album_ArtistId_fkey", 'FOREIGN KEY ("ArtistId") REFERENCES "Artist"("ArtistId")'), ("PK_Album", 'PRIMARY KEY ("AlbumId")')])


def test_shapes():
    path = files.build(new("shapes.db"), files.SHAPES, auto_vacuum=2, application_id=123456, user_version=9)
    with Opened(path) as o:
        check("without rowid", o.sql("SELECT * FROM wr ORDER BY b"), [("a", "1", "two"), ("x", "2", "1")])
        check("without rowid written", [o.sql("INSERT INTO wr VALUES ('y', 3, 'v')"), o.sql("UPDATE wr SET v = 'w' WHERE b = 3 RETURNING *"),
                                        o.sql("DELETE FROM wr WHERE b = 3")], ["INSERT 0 1", [("y", "3", "w")], "DELETE 1"])
        check("strict", o.sql("SELECT * FROM strict_t ORDER BY i"), [("1", "1.5", "t", "\\x01", "5"), ("2", None, None, None, "any")])
        check("nocase is the file's, comparison PostgreSQL's", o.sql("SELECT name FROM nocase WHERE name = 'ann' OR name = 'bob'"), [("bob",)])
        check("unsigned too big", o.sql("SELECT n FROM nocase WHERE name = 'bob'"),
              '22P02 column "n" of table "nocase" holds a value that is not of type int8: "1.8446744073709552e+19"')
        check("the row without it", o.sql("SELECT name FROM nocase ORDER BY name"), [("Ann",), ("bob",)])
        check("main.x", o.sql('SELECT a FROM "main.x"'), [("7",)])
        check("odd names", o.sql('SELECT "from", "a b", "q""q", "br\'k", tick FROM "select"'), [("1", "b", "q", "k", "t")])
        check("key to a missing table is not shown", o.sql(CONSTRAINTS.format("self")),
              [("self_parent_fkey", "FOREIGN KEY (parent) REFERENCES self(id)"), ("self_pkey", "PRIMARY KEY (id)")])
        check("generated", o.sql("INSERT INTO gen (a) VALUES (4) RETURNING *"), [("4", "5", "4X")])
        check("its trigger", o.sql("SELECT * FROM seen ORDER BY what"), [("gen 1", "5"), ("gen 4", "5")])
        check("fts5", o.sql("SELECT title FROM docs WHERE body LIKE '%fox%'"), [("one",)])
        check("rtree", o.sql("SELECT maxx FROM boxes WHERE id = 1"), [("1.5",)])
        check("shadow tables are not shown", o.sql("SELECT relname FROM pg_class WHERE relname LIKE 'docs%' OR relname LIKE 'boxes%'"),
              [("boxes",), ("docs",)] if o.sql("SELECT 1") else None)
        check("a broken view is told", 'view "broken"' in o.log(), True)
    check("integrity", [r for r in integrity(path) if r[0] == "ok"], [("ok",)])
    db = sqlite3.connect(path)
    check("header kept", [db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version", "auto_vacuum")], [123456, 9, 2])


MISFITS = """
CREATE TABLE m (id INTEGER PRIMARY KEY, i INT, r REAL, n NUMERIC(8,2), b BOOLEAN, t TEXT, v VARCHAR(3), u, d DATE, ts DATETIME, z TIMESTAMPTZ,
                c TIME, g UUID, j JSON, x BLOB, s STRING);
"""


def test_values():
    """What a value that is not of its column's type shows as."""
    path = new("values.db")
    cases = [
        # column, SQLite's value, what is shown (a string), or the type's name of the error
        ("i", "'12'", "12"), ("i", "5.0", "5"), ("i", "5.5", "int8"), ("i", "'abc'", "int8"), ("i", "x'01'", "int8"), ("i", "9223372036854775807", "9223372036854775807"),
        ("r", "3", "3"), ("r", "'NaN'", "NaN"), ("r", "'x'", "float8"), ("r", "9e999", "Infinity"),
        ("n", "1.5", "1.50"), ("n", "123456789012345678", "123456789012345678.00"), ("n", "'many'", "numeric"), ("n", "1e20", "100000000000000000000.00"),
        ("b", "1", "t"), ("b", "0", "f"), ("b", "2", "t"), ("b", "'t'", "t"), ("b", "'false'", "f"), ("b", "'maybe'", "bool"),
        ("t", "5", "5"), ("t", "1.0", "1.0"), ("t", "x'00ff'", "\\x00ff"), ("t", "CAST(x'c3' AS TEXT)", "\\xc3"), ("t", "CAST(x'410042' AS TEXT)", "\\x410042"),
        ("v", "'longer'", "longer"),
        ("u", "5", "5"), ("u", "1.5", "1.5"), ("u", "'t'", "t"), ("u", "x'01'", "\\x01"),
        ("d", "'2024-02-29'", "2024-02-29"), ("d", "'2024-02-29 10:00:00'", "2024-02-29"), ("d", "0", "1970-01-01"), ("d", "2460310.5", "2024-01-01"),
        ("d", "'someday'", "date"), ("d", "'now'", "date"),
        ("ts", "'2024-02-29T10:00:00Z'", "2024-02-29 10:00:00"), ("ts", "'2024-02-29 10:00'", "2024-02-29 10:00:00"), ("ts", "1700000000", "2023-11-14 22:13:20"),
        ("ts", "2460310.75", "2024-01-01 06:00:00"), ("ts", "''", "timestamp"), ("ts", "'2024-13-01'", "timestamp"),
        ("z", "'2024-02-29 10:00:00+02:00'", "2024-02-29 08:00:00+00"), ("z", "'2024-02-29 10:00:00'", "2024-02-29 10:00:00+00"),
        ("c", "'10:11'", "10:11:00"), ("c", "'10:11:12.5'", "10:11:12.5"), ("c", "'25:00:00'", "time"),
        ("g", "'E55C3FFD507848D3B7FB4589E0CD57AB'", "e55c3ffd-5078-48d3-b7fb-4589e0cd57ab"), ("g", "x'e55c3ffd507848d3b7fb4589e0cd57ab'", "e55c3ffd-5078-48d3-b7fb-4589e0cd57ab"),
        ("g", "'no'", "uuid"), ("j", "'[1, 2]'", "[1, 2]"), ("j", "5", "5"), ("j", "'{'", "json"),
        ("x", "'abc'", "\\x616263"), ("x", "x''", "\\x"), ("s", "'007'", "7"),
    ]
    script = MISFITS + "".join(f"INSERT INTO m (id, {c}) VALUES ({i}, {v});\n" for i, (c, v, _) in enumerate(cases))
    files.build(path, script)
    before = sqlite3.connect(path).execute("SELECT * FROM m").fetchall
    db = sqlite3.connect(path)
    db.text_factory = bytes
    before = db.execute("SELECT * FROM m ORDER BY id").fetchall()
    with Opened(path) as o:
        o.sql("SET timezone = 'UTC'")
        for i, (column, value, wanted) in enumerate(cases):
            got = o.sql(f"SELECT {column} FROM m WHERE id = {i}")
            if isinstance(got, str):
                m = re.match(r'22P02 column "(\w+)" of table "m" holds a value that is not of type (\w+): ', got)
                got = m.group(2) if m and m.group(1) == column else got
                check(f"misfit {column} {value}", got, wanted)
                check(f"IS NULL of {column} {value}", o.sql(f"SELECT {column} IS NULL FROM m WHERE id = {i}"), [("f",)])
            else:
                check(f"value {column} {value}", got[0][0], wanted)
                if wanted and column not in ("j", "x", "t"):
                    check(f"equality {column} {value}", o.sql(f"SELECT {column} FROM m WHERE id = {i} AND {column} = '{wanted}'"), got)
        check("counted all the same", o.sql("SELECT count(*) FROM m"), [(str(len(cases)),)])
    check("nothing was changed", db.execute("SELECT * FROM m ORDER BY id").fetchall(), before)
    db.close()


def test_types_page():
    """Every row of the table in docs/sqlite-files.md holds."""
    with open(os.path.join(HERE, "..", "..", "docs", "sqlite-files.md")) as f:
        rows = re.findall(r"^\| `(.*?)`.* \| `(.*?)` \|", f.read(), re.M)
    check("the page has the rules", len(rows) > 25, True)
    path = files.build(new("page.db"), "CREATE TABLE p (" + ", ".join(f"c{i} {d}" for i, (d, _) in enumerate(rows)) + ")")
    with Opened(path) as o:
        types = o.types("p")
        for i, (declared, shown) in enumerate(rows):
            check(f"declared {declared}", types[f"c{i}"], shown)


def test_formats():
    for size in (512, 1024, 4096, 16384, 65536):
        path = files.build(new("page.db"), "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x')", page_size=size)
        with Opened(path) as o:
            check(f"page size {size}", [o.sql("SELECT a FROM t"), o.sql("INSERT INTO t VALUES ('y')")], [[("x",)], "INSERT 0 1"])
    for encoding in ("'UTF-16le'", "'UTF-16be'"):
        path = files.build(new("utf16.db"), "CREATE TABLE t (a TEXT PRIMARY KEY); INSERT INTO t VALUES ('é')", encoding=encoding)
        with Opened(path) as o:
            check(encoding, [o.sql("SELECT a, length(a) FROM t WHERE a = 'é'"), o.sql("INSERT INTO t VALUES ('ü')")], [[("é", "1")], "INSERT 0 1"])
            check(encoding + " with DDL", [o.sql("CREATE TABLE n (id serial, v numeric)"), o.sql("INSERT INTO n (v) VALUES (1.50) RETURNING *")],
                  ["CREATE TABLE", [("1", "1.50")]])
    path = files.build(new("wal.db"), "PRAGMA journal_mode = WAL; CREATE TABLE t (a INT); INSERT INTO t VALUES (1)")
    with Opened(path) as o:
        check("wal", o.sql("SELECT a FROM t"), [("1",)])
    check("wal stays", sqlite3.connect(path).execute("PRAGMA journal_mode").fetchone(), ("wal",))
    path = new("zero.db")
    open(path, "w").close()
    with Opened(path) as o:
        check("zero length", o.sql("CREATE TABLE t (a int)"), "CREATE TABLE")


def test_long_names_and_wide():
    name, columns = "n" * 80, ", ".join(f"c{i} INT" for i in range(300))
    path = files.build(new("wide.db"), f'CREATE TABLE "{name}" (a INT, "{name}" TEXT); CREATE TABLE wide ({columns}); '
                                       f'INSERT INTO "{name}" VALUES (1, \'x\'); INSERT INTO wide (c299) VALUES (3)')
    with Opened(path) as o:
        check("long name", o.sql(f'SELECT "{name}" FROM "{name}"'), [("x",)])
        check("wide", [o.sql("SELECT c299 FROM wide"), len(o.sql("SELECT * FROM wide")[0])], [[("3",)], 300])


def test_huge():
    path = files.build(new("huge.db"), "CREATE TABLE t (a TEXT, b BLOB); INSERT INTO t VALUES (printf('%.*c', 3000000, 'x'), zeroblob(2000000))")
    with Opened(path) as o:
        check("huge values", o.sql("SELECT length(a), octet_length(b), length(a || 'y') FROM t"), [("3000000", "2000000", "3000001")])


def test_not_a_database():
    for name, content in (("text.db", b"this is no database, but text that goes on for more than one hundred bytes " * 3), ("short.db", b"SQLite format 3")):
        path = new(name)
        with open(path, "wb") as f:
            f.write(content)
        try:
            with Opened(path):
                got = "opened"
        except RuntimeError as e:
            got = "not an SQLite database" in str(e) or "not a database" in str(e)
        check(name, got, True)
        check(name + " is left alone", open(path, "rb").read(), content)


def test_damaged():
    path = files.build(new("damaged.db"), "CREATE TABLE good (a INT); INSERT INTO good VALUES (1); CREATE TABLE bad (a TEXT); "
                                          "INSERT INTO bad WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                                          "SELECT printf('%.100c', 'x') FROM n")
    root, = sqlite3.connect(path).execute("SELECT rootpage FROM sqlite_schema WHERE name = 'bad'").fetchone()
    with open(path, "r+b") as f:
        f.seek((root - 1) * 4096)
        f.write(b"\xff" * 4096)
    with Opened(path) as o:
        check("the good part", o.sql("SELECT a FROM good"), [("1",)])
        check("the bad part", o.sql("SELECT count(*) FROM bad"), "XX001 database disk image is malformed")
        check("still there", o.sql("SELECT a FROM good"), [("1",)])


def test_other_writers():
    path = files.build(new("shared.db"), "CREATE TABLE t (a INT); INSERT INTO t VALUES (1)")
    with Opened(path) as o:
        check("before", o.sql("SELECT * FROM t"), [("1",)])
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("INSERT INTO t VALUES (2)")
        check("rows of another process", o.sql("SELECT * FROM t ORDER BY a"), [("1",), ("2",)])
        db.execute("CREATE TABLE later (x TEXT PRIMARY KEY, n DECIMAL(5,1))")
        db.execute("INSERT INTO later VALUES ('k', 2)")
        check("its table", o.sql("SELECT * FROM later"), [("k", "2.0")])
        db.execute("ALTER TABLE later ADD COLUMN more DATE")
        check("its column", o.sql("SELECT * FROM later"), [("k", "2.0", None)])
        db.execute("ALTER TABLE later RENAME COLUMN n TO amount")
        check("its name", o.sql("SELECT amount FROM later"), [("2.0",)])
        db.execute("DROP TABLE later")
        check("its drop", o.sql("SELECT * FROM later"), '42P01 relation "later" does not exist')
        # tables of ours
        o.sql("CREATE TABLE own (id int PRIMARY KEY, v numeric, w text); CREATE INDEX own_w ON own (w); INSERT INTO own VALUES (1, 1.50, 'w')")
        db.execute("ALTER TABLE own ADD COLUMN extra TEXT")
        db.execute("UPDATE own SET extra = 'e'")
        check("a column added to ours", o.sql("SELECT * FROM own"), [("1", "1.50", "w", "e")])
        db.execute("DROP INDEX own_w")
        db.execute("CREATE INDEX theirs ON own (extra)")
        check("indexes dropped and made", o.sql("SELECT indexname FROM pg_indexes WHERE tablename = 'own' ORDER BY 1"), [("own_pkey",), ("theirs",)])
        db.execute("ALTER TABLE own DROP COLUMN w")
        check("a column dropped from ours", o.sql("SELECT * FROM own"), [("1", "1.50", "e")])
        check("and it is written to", o.sql("INSERT INTO own VALUES (2, 2.5, 'f') RETURNING *"), [("2", "2.5", "f")])
        db.execute("CREATE TABLE own2 (a INT)")
        check("own DDL beside it", [o.sql("CREATE TABLE mine (a int)"), o.sql("SELECT * FROM own2"), o.sql("SELECT * FROM mine")],
              ["CREATE TABLE", [], []])
        db.close()
    check("integrity", integrity(path), [("ok",)])


def test_lost_metadata():
    """Metadata that were dropped, emptied, half-written or damaged: the tables stay readable, with a warning."""
    def fresh():
        path = new("meta.db")
        with Opened(path) as o:
            o.sql("CREATE TABLE t (id int PRIMARY KEY, name text, price numeric, made timestamptz); "
                  "INSERT INTO t VALUES (1, 'n', 1.50, '2024-01-01 00:00:00+00'); CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE e (m mood); INSERT INTO e VALUES ('ok')")
        return path, sqlite3.connect(path, isolation_level=None)
    for what in ("DROP TABLE _pg_class", "DROP TABLE _pg_attribute", "DELETE FROM _pg_attribute", "DELETE FROM _pg_class", "DROP TABLE _pg_type",
                 "DROP TABLE _pg_namespace", "DROP TABLE _pg_meta", "DELETE FROM _pg_meta",
                 "DROP TABLE _pg_class; CREATE TABLE _pg_class (a); INSERT INTO _pg_class VALUES (1)", "DROP TABLE _pg_index", "DROP TABLE _pg_constraint",
                 "UPDATE _pg_class SET sqlite_name = NULL", "UPDATE _pg_attribute SET atttypid = 99999"):
        path, db = fresh()
        db.executescript(what)
        db.close()
        with Opened(path) as o:
            got = o.sql("SELECT id, name FROM t")
            if "sqlite_name" in what:
                check(f"{what}: nothing crashes", bool(got), True)
            else:
                check(f"{what}: rows", got, [("1", "n")])
            if "DROP TABLE _pg_" in what or "atttypid" in what or "DELETE FROM _pg_attribute" in what:
                check(f"{what}: warning", "WARNING" in o.log(), True)
        check(f"{what}: integrity", integrity(path), [("ok",)])


def test_takeover():
    path = files.build(new("take.db"), files.DJANGO)
    with Opened(path) as o:
        check("light DDL leaves the form", [o.sql("CREATE INDEX by_note ON app_item (note)"), o.sql("COMMENT ON TABLE app_item IS 'c'"),
                                            o.sql("SELECT price, made FROM app_item WHERE id = 1")],
              ["CREATE INDEX", "COMMENT", [("10.5", "2024-02-29 12:30:15.123")]])
    check("typeof", sqlite3.connect(path).execute("SELECT typeof(price) FROM app_item WHERE id = 1").fetchone(), ("real",))
    with Opened(path) as o:
        check("read again from the metadata", o.sql("SELECT price * 2 FROM app_item WHERE made = '2024-02-29 12:30:15.123'"), [("21.0",)])
        check("expression index refused", o.sql("CREATE INDEX ON app_item (lower(note))")[:5], "0A000")
        check("rolled back", [o.sql("BEGIN"), o.sql("ALTER TABLE app_kind ADD COLUMN e int DEFAULT 5"), o.sql("ROLLBACK"), o.sql("TABLE app_kind")],
              ["BEGIN", "ALTER TABLE", "ROLLBACK", [("1", "a'b"), ("2", "z")]])
        r = o.c.query("ALTER TABLE app_item ALTER COLUMN price TYPE numeric(12,3)")[-1]
        check("taken over", r.tag, "ALTER TABLE")
        check("losses are told", sorted(n["M"].split(" ")[0] for n in r.notices), ["check", "index", "index"])
        check("values", o.sql("SELECT price, made, active, double FROM app_item ORDER BY id"),
              [("10.500", "2024-02-29 12:30:15.123", "t", "10"), ("3.000", "2024-01-01 00:00:00", "f", "0")])
        check("numbering goes on", o.sql("INSERT INTO app_item (kind_id, active, code, note, small, uid) VALUES (1, true, 'n', '', 1, 'u') RETURNING id, double"),
              [("3", "2")])
        check("keys hold", o.sql("INSERT INTO app_item (kind_id, active, code, note, small, uid) VALUES (9, true, 'n', '', 1, 'u')"),
              '23503 insert or update on table "app_item" violates foreign key constraint "app_item_kind_id_fkey"')
        check("referenced table too", [o.sql("ALTER TABLE app_kind ADD COLUMN e int DEFAULT 5"), o.sql("TABLE app_kind")],
              ["ALTER TABLE", [("1", "a'b", "5"), ("2", "z", "5")]])
        check("dropped column, renames", [o.sql("ALTER TABLE app_item DROP COLUMN raw"), o.sql("ALTER TABLE app_item RENAME TO thing"),
                                          o.sql("ALTER TABLE thing RENAME COLUMN code TO tag"), o.sql("SELECT tag FROM thing WHERE id = 1")],
              ["ALTER TABLE", "ALTER TABLE", "ALTER TABLE", [("Héllo",)]])
    check("integrity", integrity(path), [("ok",)])
    path = files.build(new("misfit.db"), "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT, w TEXT); INSERT INTO t VALUES (1, 'abc', 'w')")
    with Opened(path) as o:
        check("a misfit stops it", o.sql("ALTER TABLE t ALTER COLUMN w TYPE varchar(10)"),
              '22P02 column "n" of table "t" holds a value that is not of type int8: "abc"')
        check("USING helps", [o.sql("ALTER TABLE t ALTER COLUMN n TYPE text USING NULL"), o.sql("SELECT * FROM t")], ["ALTER TABLE", [("1", None, "w")]])
    path = files.build(new("wr.db"), files.SHAPES)
    with Opened(path) as o:
        check("without rowid becomes a table of ours", [o.sql("ALTER TABLE wr ALTER COLUMN v TYPE text"), o.sql("SELECT * FROM wr ORDER BY b"),
                                                        o.sql("INSERT INTO wr VALUES ('a', 1, '')")],
              ["ALTER TABLE", [("a", "1", "two"), ("x", "2", "1")], '23505 duplicate key value violates unique constraint "wr_pkey"'])
        check("a virtual table does not", o.sql("ALTER TABLE docs ADD COLUMN z int")[:5], "0A000")
        check("but is dropped", o.sql("DROP TABLE docs"), "DROP TABLE")
        check("a view too", o.sql("DROP VIEW seen"), "DROP VIEW")
    check("integrity", [r for r in integrity(path) if r[0] == "ok"], [("ok",)])


def test_own_file_in_sqlite():
    path = new("own.db")
    with Opened(path) as o:
        o.sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE SCHEMA s; CREATE TABLE s.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
              "n numeric UNIQUE, m mood, a int[], j jsonb, z timestamptz DEFAULT now(), v varchar(5) CHECK (v <> ''), g text GENERATED ALWAYS AS (lower(v)) STORED); "
              "CREATE INDEX ON s.t (lower(v)); INSERT INTO s.t (n, m, a, j, v) VALUES (1.50, 'ok', '{1,2}', '{\"b\": 1}', 'V')")
    db = sqlite3.connect(path)
    check("a plain reader reads", db.execute('SELECT id, n, m, a, j, v, g FROM "s.t"').fetchall(), [(1, "1.50", "ok", "[1,2]", '{"b": 1}', "V", "v")])
    db.close()


def shell(path, *statements):
    """What the sqlite3 shell with pgfunctions loaded prints, one run per statement."""
    module = os.path.splitext(sys.argv[2])[0]
    runs = [subprocess.run(["sqlite3", path, f".load {module}", s], capture_output=True, text=True, timeout=60) for s in statements]
    return [r.stdout.strip() or r.stderr.strip() for r in runs]


def test_writing_with_pgfunctions():
    if len(sys.argv) < 3 or not shutil.which("sqlite3"):
        print("the sqlite3 shell is not installed: writing with pgfunctions is not tested")
        return
    path = new("written.db")
    with Opened(path) as o:
        o.sql("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n numeric UNIQUE CHECK (n > 0.5), "
              "m mood, a int[], iv interval UNIQUE, v varchar(5) CHECK (v ~ '^[a-z]'), g text GENERATED ALWAYS AS (upper(v) || n::text) STORED, "
              "d date CHECK (d > '2000-01-01'), rng int4range, ip inet); CREATE INDEX ON t (lower(v)); CREATE INDEX ON t (m); CREATE INDEX ON t (iv) WHERE n > 1; "
              "CREATE INDEX ON t (rng); CREATE INDEX ON t (a); CREATE INDEX ON t (ip); "
              "INSERT INTO t (n, m, a, iv, v, d, rng, ip) VALUES (1.50, 'ok', '{1,2}', '1 day', 'abc', '2024-01-01', '[1,5)', '10.0.0.1')")
    got = shell(path, "INSERT INTO t (n, m, a, iv, v, d, rng, ip) VALUES ('2.0', 'sad', '[3]', '2 days', 'xyz', '2024-05-05', '[2,4)', '10.0.0.2') RETURNING g",
                "SELECT group_concat(m) FROM (SELECT m FROM t ORDER BY m)", "INSERT INTO t (n, v) VALUES ('0.1', 'a')", "INSERT INTO t (n, v) VALUES ('7', '9')",
                "INSERT INTO t (n) VALUES ('1.5')", "SELECT count(*) FROM t WHERE n = '2'", "PRAGMA integrity_check")
    check("generated column", got[0], "XYZ2.0")
    check("order of an enum", got[1], "sad,ok")
    for i, name in ((2, "t_n_check"), (3, "t_v_check")):
        check(name, f"CHECK constraint failed: {name}" in got[i], True)
    check("unique by value", "UNIQUE constraint failed: t.n" in got[4], True)
    check("equal by value", got[5:], ["1", "ok"])
    with Opened(path) as o:
        check("the server reads it", o.sql("SELECT n, m, a, iv, v, g, d, rng, ip FROM t WHERE lower(v) = 'xyz'"),
              [("2.0", "sad", "{3}", "2 days", "xyz", "XYZ2.0", "2024-05-05", "[2,4)", "10.0.0.2")])
    foreign = files.build(new("foreign.db"), files.DJANGO)
    check("a file of another program", shell(foreign, "SELECT count(*) FROM app_kind"), ["2"])


ROOT = tempfile.mkdtemp(prefix="foreign-")
try:
    for name, function in sorted(globals().items()):
        if name.startswith("test_") and (len(sys.argv) < 4 or sys.argv[3] in name):
            try:
                function()
            except Exception as e:
                failed += 1
                print(f"FAIL {name}: {type(e).__name__}: {e}")
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
