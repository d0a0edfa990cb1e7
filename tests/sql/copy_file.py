#!/usr/bin/env python3
"""COPY with files on the server, in a folder of the test's own: every format there and back; files that cannot be opened."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from server import Server  # noqa: E402

passed = failed = 0


def check(what, got, want):
    global passed, failed
    if got == want:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: got {got!r}, want {want!r}")


def main():
    with Server(sys.argv[1]) as s, tempfile.TemporaryDirectory() as folder:
        c = pgwire.Connection("127.0.0.1", s.port, database=s.database)

        def one(sql):
            return c.query(sql)[-1]

        one("CREATE TABLE t (a int, b text, c bytea)")
        one("INSERT INTO t SELECT g, 'r' || g || E'\\t,\"x\\n' || repeat('y', 20), '\\x00ff' FROM generate_series(1, 20000) g")
        one("INSERT INTO t VALUES (NULL, '', NULL)")
        sums = "SELECT count(*), sum(a), md5(string_agg(b, '' ORDER BY a)), count(c) FROM "
        want = one(sums + "t").rows
        for options in ("", "csv header", "binary", "(format csv, quote '''')"):
            path = os.path.join(folder, "t")
            check(f"to {options}", one(f"COPY t TO '{path}' {options}").tag, "COPY 20001")
            one("CREATE TABLE u (LIKE t)")
            check(f"from {options}", one(f"COPY u FROM '{path}' {options}").tag, "COPY 20001")
            check(f"rows {options}", one(sums + "u").rows, want)
            one("DROP TABLE u")
        for sql, state in ((f"COPY t FROM '{folder}/none'", "58P01"), (f"COPY t FROM '{folder}'", "42809"),
                           (f"COPY t TO '{folder}/no/such'", "58P01"), ("COPY t TO 'relative'", "42602"),
                           ("COPY t TO '/dev/full'", "53100"), ("COPY t FROM PROGRAM 'true'", "0A000")):
            check(sql, (one(sql).error or {}).get("C"), state)
        with open(path, "w") as f:
            f.write("1\tx\t\\\\x00\nbad\tx\t\\\\x00\n")
        r = one(f"COPY t FROM '{path}'")
        check("context", (r.error or {}).get("W"), 'COPY t, line 2, column a: "bad"')
        check("nothing stays of a failed COPY", one("SELECT count(*) FROM t").rows, [["20001"]])
        one("CREATE ROLE guest")
        one("GRANT ALL ON t TO guest")
        one("SET ROLE guest")
        for sql in (f"COPY t TO '{path}'", f"COPY t FROM '{path}'", f"SELECT lo_import('{path}')"):
            check(f"the server's files are the superuser's: {sql}", (one(sql).error or {}).get("C"), "42501")
        one("RESET ROLE")
        one("GRANT pg_read_server_files, pg_write_server_files TO guest")
        one("SET ROLE guest")
        check("or of members of its roles: to", one(f"COPY t TO '{path}'").tag, "COPY 20001")
        check("or of members of its roles: from", one(f"COPY t FROM '{path}'").tag, "COPY 20001")
        c.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
