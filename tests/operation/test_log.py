#!/usr/bin/env python3
"""The server's log: entries as PostgreSQL writes them (log_cases.py), prefixes, CSV and JSON, connections, files and their rotation.

  test_log.py BINARY      test_log.py --postgres PORT LOGFILE   the cases against a PostgreSQL 15 that writes its log there
"""
import csv
import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from log_cases import CASES  # noqa: E402
from server import Server  # noqa: E402

SECONDS = 20  # until a line that is awaited counts as missing


class Log:
    """What a file says from where it was read last."""

    def __init__(self, path):
        self.path, self.at = path, 0

    def read(self):
        with open(self.path, encoding="utf-8") as f:
            f.seek(self.at)
            text = f.read()
            self.at = f.tell()
        return text

    def until(self, pattern):
        """All up to a line that has the pattern."""
        text, end = "", time.monotonic() + SECONDS
        while not re.search(pattern, text) and time.monotonic() < end:
            text += self.read()
            time.sleep(0.01)
        return text


def log_of(server):
    return Log(os.path.join(server.directory, "log"))


def connect(port, database, **parameters):
    return pgwire.Connection("127.0.0.1", port, database=database, **parameters)


def run_cases(connection, log):
    """Each case on the one session; a mark behind it ends what is read."""
    log.read()
    for number, (name, steps, want) in enumerate(CASES):
        for step in steps:
            if isinstance(step, str):
                connection.query(step)
            else:
                values = list(step[1:])
                connection.execute(step[0], lambda _: values.pop(0))
        connection.query(f"SELECT mark_{number}")
        lines = log.until(f"STATEMENT:  SELECT mark_{number}\n").split("\n")
        got = lines[:next((i for i, line in enumerate(lines) if f'"mark_{number}"' in line), len(lines))]
        check(name, [re.sub(r"duration: \d+\.\d{3} ms", "duration: N ms", line) for line in got], want)


def test_cases(binary):
    with Server(binary, options=["-c", "log_line_prefix="]) as s:
        run_cases(connect(s.port, s.database), log_of(s))


def test_prefix(binary):
    prefix = "%a|%u|%d|%r|%h|%b|%p|%i|%e|%c|%l|%x|%%|%-6p|%12d|%Q|%q!%z "
    with Server(binary, options=["-c", f"log_line_prefix={prefix}"]) as s:
        c = connect(s.port, s.database, application_name="me")
        log, port = log_of(s), c.sock.getsockname()[1]
        start = rows(c, "SELECT to_hex(floor(extract(epoch FROM backend_start))::bigint) FROM pg_stat_activity WHERE pid = pg_backend_pid()")[0][0]
        c.query("BEGIN; SELECT pg_current_xact_id() AS x")
        c.query("SELECT 1/0")
        want = (f"me|postgres|{s.database}|127.0.0.1({port})|127.0.0.1|client backend|{c.pid}|SELECT|22012|{start}.{c.pid:x}|1|"
                f"XID|%|{str(c.pid):<6}|{s.database:>12}|0|! ERROR:  division by zero")
        line = re.sub(r"\|1\|\d+\|%", "|1|XID|%", log.until("division by zero").split("\n")[0])
        check("every escape", line, want)
        s.process.send_signal(signal.SIGHUP)
        line = re.sub(r"[0-9a-f]{8}\.", "START.", log.until("reloading.*\n").split("\n")[-2])
        check("the server's own", line, f"|||||postmaster|{s.process.pid}||00000|START.{s.process.pid:x}|1|0|%|{str(s.process.pid):<6}|{'':>12}|0|"
              "LOG:  received SIGHUP, reloading configuration files")
        c.close()
    for zone, shown in (("UTC", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \d{10}\.\d{3}: "),
                        ("Asia/Tokyo", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} JST .*")):
        with Server(binary, options=["-c", "log_line_prefix=%m %t %n: ", "-c", f"log_timezone={zone}"]) as s:
            connect(s.port, s.database).query("SELECT 1/0")
            line = log_of(s).until("STATEMENT").split("\n")[0]
            check_that(f"times in {zone}", re.fullmatch(shown + "ERROR:  division by zero", line), line)


def test_connections(binary):
    options = ["-c", "log_connections=on", "-c", "log_disconnections=on", "-c", "log_line_prefix="]
    with Server(binary, options=options) as s:
        log, c = log_of(s), connect(s.port, s.database, application_name="me")
        port = c.sock.getsockname()[1]
        c.close()
        check("a connection's entries", re.sub(r"time: 0:00:0\d\.\d{3}", "time: T", log.until("disconnection.*\n")).split("\n")[:-1],
              [f"LOG:  connection received: host=127.0.0.1 port={port}",
               f"LOG:  connection authorized: user=postgres database={s.database} application_name=me",
               f"LOG:  disconnection: session time: T user=postgres database={s.database} host=127.0.0.1 port={port}"])
        try:
            connect(s.port, "nosuch").close()
        except RuntimeError:
            pass
        check("one that is refused", log.until("FATAL.*\n").split("\n")[1:-1], ['FATAL:  database "nosuch" does not exist'])
        c = connect(s.port, s.database, options="-c log_disconnections=off")
        c.query(f"SELECT pg_terminate_backend({c.pid})")
        check_that("one that is ended", "FATAL:  terminating connection due to administrator command\n"
                   in (text := log.until("FATAL.*\n")), text)


CSV_COLUMNS = 26


def test_structured(binary):
    with Server(binary, options=["-c", "log_destination=csvlog"]) as s:
        c, log = connect(s.port, s.database, application_name='a "b"'), log_of(s)
        c.query("SELECT 1,\n1/0")
        c.query("SELECT nosuch")
        entries = list(csv.reader(log.until("nosuch.*nosuch.*\n").splitlines(keepends=True)))
        check("CSV: columns", [len(e) for e in entries], [CSV_COLUMNS] * 2)
        e = entries[0]
        check("CSV: fields", e[1:4] + e[6:8] + e[11:15] + e[19:20] + e[22:],
              ["postgres", s.database, str(c.pid), "1", "SELECT", "ERROR", "22012", "division by zero", "", "SELECT 1,\n1/0", 'a "b"',
               "client backend", "", "0"])
        check("CSV: where it is wrong", entries[1][20], "8")
    with Server(binary, options=["-c", "log_destination=jsonlog", "-c", "log_statement=all"]) as s:
        c, log = connect(s.port, s.database, application_name='a "b"'), log_of(s)
        c.query("SELECT '\t\\',\n1/0")
        e = [json.loads(line) for line in log.until("ERROR.*\n").splitlines()]
        check("JSON: a LOG", [e[0].get(k) for k in ("error_severity", "state_code", "message", "statement", "line_num")],
              ["LOG", None, "statement: SELECT '\t\\',\n1/0", None, 1])
        check("JSON: an error", [e[1].get(k) for k in ("user", "dbname", "pid", "remote_host", "remote_port", "ps", "error_severity",
                                                       "state_code", "message", "statement", "application_name", "backend_type")],
              ["postgres", s.database, c.pid, "127.0.0.1", c.sock.getsockname()[1], "SELECT", "ERROR", "22012", "division by zero",
               "SELECT '\t\\',\n1/0", 'a "b"', "client backend"])


def test_files(binary):
    options = ["-c", "logging_collector=on", "-c", "log_directory=logs", "-c", "log_filename=one.log", "-c", "log_destination=stderr,jsonlog", "-c", "log_line_prefix="]
    with Server(binary, options=options) as s:
        c, folder = connect(s.port, s.database), os.path.join(os.path.dirname(s.path), "logs")
        check("no entries, no files", (rows(c, "SELECT pg_current_logfile()"), rows(c, "SELECT pg_ls_logdir()")), ([[None]], "58P01"))
        c.query("SELECT first")
        check("an entry's files", sorted(os.listdir(folder)), ["one.json", "one.log"])
        check("their rights", {os.stat(os.path.join(folder, f)).st_mode & 0o777 for f in os.listdir(folder)}, {0o600})
        check("their names", rows(c, "SELECT pg_current_logfile(), pg_current_logfile('jsonlog'), pg_current_logfile('csvlog')"),
              [["logs/one.log", "logs/one.json", None]])
        check("listed", rows(c, "SELECT name, size > 0, modification > now() - interval '1 hour' FROM pg_ls_logdir() ORDER BY 1"),
              [["one.json", "t", "t"], ["one.log", "t", "t"]])
        check("read by SQL", rows(c, "SELECT pg_read_file(pg_current_logfile()) LIKE '%column \"first\" does not exist at%'"), [["t"]])
        check("nothing is left for standard error", log_of(s).read(), "")
        log = Log(os.path.join(folder, "one.log"))
        os.rename(log.path, log.path + ".1")
        c.query("SELECT second")
        check("a renamed file is still written to", "second" in Log(log.path + ".1").read(), True)
        check("pg_rotate_logfile", rows(c, "SELECT pg_rotate_logfile()"), [["t"]])
        c.query("SELECT third")
        check("opens a new one", log.until("STATEMENT.*\n").split("\n")[:1], ['ERROR:  column "third" does not exist at character 8'])
        os.rename(log.path, log.path + ".2")
        s.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + SECONDS
        while not os.path.exists(log.path) and time.monotonic() < end:
            c.query("SELECT fourth")
        check("so does SIGHUP", os.path.exists(log.path), True)
    with Server(binary, options=["-c", "logging_collector=on", "-c", "log_filename=%Y.log", "-c", "log_directory=/dev/null/no"]) as s:
        connect(s.port, s.database).query("SELECT 1/0")
        check("where no file can be, it is standard error", "division by zero" in log_of(s).until("STATEMENT"), True)


def main():
    if sys.argv[1] == "--postgres":
        run_cases(connect(int(sys.argv[2]), "postgres"), Log(sys.argv[3]))
        return report()
    for test in (test_cases, test_prefix, test_connections, test_structured, test_files):
        test(sys.argv[1])
    return report()


sys.exit(main())
