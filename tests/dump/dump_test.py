#!/usr/bin/env python3
"""PostgreSQL 15's own programs against the server: what they dump here restores there, and the other way round.

Each schema (*.sql) goes both ways. Equal means: the schema as PostgreSQL's pg_dump prints it, letter for letter, and every
table's rows. Status 77 where PostgreSQL 15 is not installed.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import postgres  # noqa: E402
from server import Server  # noqa: E402

ENVIRONMENT = dict(os.environ, PGTZ="UTC", LC_ALL="C.UTF-8", PGOPTIONS="")
passed = failed = 0


def check(what, got, want=True):
    global passed, failed
    if got == want:
        passed += 1
        return
    failed += 1
    print(f"FAILED {what}")
    if isinstance(got, str) and isinstance(want, str):
        got, want = got.splitlines(), want.splitlines()
        for a, b in zip(got + [""] * len(want), want + [""] * len(got)):
            if a != b:
                print(f"  got  {a!r}\n  want {b!r}")
                break
    else:
        print(f"  got  {got!r}\n  want {want!r}")


class Target:
    """A server, and a database of it."""

    def __init__(self, server, database="postgres"):
        self.server, self.database = server, database

    def run(self, program, *arguments, what=None, **kw):
        command = [os.path.join(postgres.BIN, program), "-h", "127.0.0.1", "-p", str(self.server.port), "-U", "postgres",
                   *arguments]
        r = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False, **kw)
        check(f"{what or program} {' '.join(arguments[-4:])}: {r.stderr[-600:]}", r.returncode, 0)
        return r.stdout

    def psql(self, *arguments, **kw):
        return self.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database, *arguments, **kw)

    def create(self, database):
        self.run("createdb", database)
        return Target(self.server, database)

    def roles(self):
        # In pgfeather roles belong to the database, in PostgreSQL to the cluster.
        for name in ("dump_editor", "dump_reader"):
            self.psql("-c", f"CREATE ROLE {name}")

    def dump(self, *options):
        text = self.run("pg_dump", *options, self.database)
        return "\n".join(line for line in text.splitlines()
                         if not line.startswith(("-- Dumped ", "\\restrict", "\\unrestrict")))

    def schema(self):
        """The schema, the order of equal things and what PostgreSQL folds differently set aside."""
        return re.sub(r"DEFAULT '0'::(\"bit\"|bit varying)", "DEFAULT '0'", self.dump("--schema-only"))

    def tables(self):
        out = self.psql("-At", "-c", "SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n "
                        "ON n.oid = relnamespace WHERE relkind IN ('r', 'm') AND relispopulated AND nspname !~ '^(pg_|information_schema)' ORDER BY 1")
        return out.split("\n")[:-1]

    def rows(self):
        """Every table's rows, in the order of their text, and the state of every sequence."""
        script = "".join(f"\\qecho '== {t}'\nCOPY (SELECT * FROM {t}) TO STDOUT;\n" for t in self.tables())
        script += ("\\qecho '== sequences'\n\\a\\t\nSELECT format('%I.%I', schemaname, sequencename), last_value "
                   "FROM pg_sequences ORDER BY 1;\n")
        parts = re.split(r"^(?=== )", self.psql("-f", "-", input=script), flags=re.M)
        return "\n".join("\n".join([*p.splitlines()[:1], *sorted(p.splitlines()[1:])]) for p in parts)


def same(what, a, b):
    check(f"{what}: schema", a.schema(), b.schema())
    check(f"{what}: rows", a.rows(), b.rows())


def both_ways(name, real, own, work):
    source = os.path.join(HERE, name + ".sql")
    there, here = real.create(name), own.create(name)
    here.roles()
    there.psql("-f", source)
    here.psql("-f", source)
    same(f"{name} loaded", here, there)

    # from PostgreSQL into pgfeather
    plain, custom, folder = (os.path.join(work, f"{name}.{k}") for k in ("sql", "fc", "fd"))
    there.run("pg_dump", "-f", plain, name)
    into = own.create(name + "_in")
    into.roles()
    into.psql("-f", plain)
    same(f"{name} moved in, plain", into, there)
    there.run("pg_dump", "-Fc", "-f", custom, name)
    into = own.create(name + "_in2")
    into.roles()
    into.run("pg_restore", "-j2", "--exit-on-error", "-d", into.database, custom)
    same(f"{name} moved in, pg_restore -j2", into, there)

    # from pgfeather into PostgreSQL, by every form of dump
    forms = {"plain": [], "inserts": ["--inserts"], "columns": ["--column-inserts", "--rows-per-insert=7"],
             "quoted": ["--quote-all-identifiers", "--disable-dollar-quoting"], "clean": ["--clean", "--if-exists"]}
    for form, options in forms.items():
        here.run("pg_dump", *options, "-f", plain, name)
        back = real.create(f"{name}_{form}")
        back.psql("-f", plain)
        same(f"{name} moved out, {form}", back, there)
    here.run("pg_dump", "-Fc", "-f", custom, name)
    here.run("pg_dump", "-Fd", "-j2", "-f", folder, name)
    for form, path in (("custom", custom), ("directory", folder)):
        back = real.create(f"{name}_{form}")
        back.run("pg_restore", "-j2", "--exit-on-error", "-d", back.database, path)
        same(f"{name} moved out, {form}", back, there)
    # in two parts
    back = real.create(f"{name}_parts")
    for option in ("--section=pre-data", "--section=data", "--section=post-data"):
        here.run("pg_dump", option, "-f", plain, name)
        back.psql("-f", plain)
    same(f"{name} moved out in sections", back, there)
    # pgfeather to pgfeather, over what is there already
    again = own.create(name + "_again")
    again.roles()
    again.run("pg_restore", "--exit-on-error", "-d", again.database, custom)
    same(f"{name} into another file", again, there)


def cleaned(real, own, work):
    """Over what is there already. (Not the schemas above: PostgreSQL's --clean cannot drop the keys of partitions, and would add default
    privileges a second time.)"""
    there, here = real.create("small"), own.create("small")
    script = ["CREATE TYPE mood AS ENUM ('a', 'b')", "CREATE TABLE one (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, t text)",
              "CREATE TABLE two (a int REFERENCES one, b int CHECK (b > 0), UNIQUE (a, b))", "CREATE INDEX one_t ON one (lower(t)) WHERE m = 'a'",
              "CREATE VIEW v AS SELECT m, count(*) AS n FROM one JOIN two ON a = id GROUP BY m", "CREATE VIEW vv AS SELECT * FROM v WHERE n > 1",
              "CREATE FUNCTION f(x int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM one WHERE id > x; END",
              "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
              "CREATE TRIGGER tr BEFORE INSERT ON two FOR EACH ROW EXECUTE FUNCTION tf()", "INSERT INTO one (m, t) VALUES ('a', 'x'), ('b', NULL)",
              "INSERT INTO two VALUES (1, 1), (2, 3)"]
    for t in (there, here):
        t.psql(*(x for line in script for x in ("-c", line)))
    plain, folder = os.path.join(work, "small.sql"), os.path.join(work, "small.fd")
    here.run("pg_dump", "--clean", "--if-exists", "-f", plain, "small")
    here.run("pg_dump", "-Fd", "-j2", "-f", folder, "small")
    for target in (there, here):
        target.psql("-f", plain)
        target.run("pg_restore", "--clean", "--if-exists", "--exit-on-error", "-d", "small", folder)
    same("cleaned and made again", here, there)


def patterns(real, own):
    """Parts of a database."""
    a, b = Target(own.server, "shop"), Target(real.server, "shop")
    for options in (["-t", "shop.order*"], ["-t", "shop.customer", "-t", "shop.product"], ["-T", "shop.*"], ["-n", "shop"],
                    ["-N", "shop"], ["-t", "shop.ticket"], ["-t", "shop.*order*", "--data-only"], ["--no-owner", "--no-acl", "-s"],
                    ["--no-comments", "-s"], ["-t", "shop.customer", "--inserts", "-a"]):
        strip = lambda t: re.sub(r"DEFAULT '0'::(\"bit\"|bit varying)", "DEFAULT '0'", t)  # noqa: E731
        check(f"pg_dump {' '.join(options)}", strip(a.dump(*options)), strip(b.dump(*options)))


def programs(own, work):
    """The small ones."""
    d = Target(own.server, "shop")
    for program, *arguments in (["pg_isready"], ["vacuumdb", "shop"], ["vacuumdb", "-z", "-f", "shop"], ["vacuumdb", "-a"],
                                ["vacuumdb", "-Z", "-t", "shop.customer", "shop"], ["reindexdb", "shop"],
                                ["reindexdb", "-t", "shop.customer", "shop"], ["reindexdb", "-i", "shop.order_open", "shop"],
                                ["clusterdb", "shop"], ["createuser", "-d", "-l", "dump_extra"], ["dropuser", "dump_extra"],
                                ["dropuser", "--if-exists", "dump_extra"], ["createdb", "dump_new"], ["dropdb", "dump_new"],
                                ["dropdb", "--if-exists", "dump_new"]):
        d.run(program, *arguments)
    d.psql("-c", "CLUSTER shop.customer USING customer_pk")
    check("CLUSTER is kept", "ALTER TABLE shop.customer CLUSTER ON customer_pk;" in d.dump("-s"))
    d.run("clusterdb", "-t", "shop.customer", "shop")
    text = d.run("pg_dumpall", "--globals-only")
    check("pg_dumpall names the superuser", "ALTER ROLE postgres WITH SUPERUSER" in text)
    text = d.run("pg_dumpall")
    check("pg_dumpall has every database", sorted(set(re.findall(r"^CREATE DATABASE (\w+)", text, re.M))) ==
          sorted(os.path.splitext(n)[0] for n in os.listdir(own.server.path) if n.endswith(".db") and n != "postgres.db"))


def vectors(own, work):
    """Vectors and their indexes from one file to another (PostgreSQL itself has no such type)."""
    a, b = own.create("vec"), own.create("vec_copy")
    a.psql("-c", "CREATE EXTENSION vector", "-c", "CREATE TABLE item (id int PRIMARY KEY, v vector(3), h halfvec(2), s sparsevec(5))",
           "-c", "INSERT INTO item SELECT g, ARRAY[g, g % 7, 1]::vector, ARRAY[g, 0.5]::halfvec, '{1:1.5}/5' FROM generate_series(1, 300) g",
           "-c", "CREATE INDEX item_v ON item USING hnsw (v vector_l2_ops) WITH (m = 8)", "-c",
           "CREATE INDEX item_i ON item USING ivfflat (v vector_cosine_ops) WITH (lists = 3)")
    path = os.path.join(work, "vec.fc")
    a.run("pg_dump", "-Fc", "-f", path, "vec")
    b.run("pg_restore", "-j2", "--exit-on-error", "-d", "vec_copy", path)
    same("vectors", b, a)
    query = "SELECT id FROM item ORDER BY v <-> '[7,0,1]' LIMIT 5"
    check("nearest rows", b.psql("-At", "-c", query), a.psql("-At", "-c", query))


def main():
    if not postgres.installed():
        print("PostgreSQL 15 is not installed: nothing to dump to")
        sys.exit(77)
    work = tempfile.mkdtemp(prefix="dump-")
    home = os.path.join(work, "databases")
    os.mkdir(home)
    open(os.path.join(home, "postgres.db"), "w").close()
    try:
        with postgres.Postgres() as p, Server(sys.argv[1], home) as s:
            real, own = Target(p), Target(s)
            real.roles()
            for name in ("shop", "blog", "lab"):
                both_ways(name, real, own, work)
            cleaned(real, own, work)
            patterns(real, own)
            vectors(own, work)
            programs(own, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
