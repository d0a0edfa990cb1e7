#!/usr/bin/env python3
"""The server under a service manager: readiness, process number, health check, rights of its files, one server a file; and the backup that
docs/operations.md tells of, made beside a server that is written to."""
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from server import Server  # noqa: E402

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "operations.md")
SECONDS = 20


def connect(s):
    return pgwire.Connection("127.0.0.1", s.port, database=s.database)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_manager(binary):
    s = Server(binary)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(os.path.join(s.directory, "notify"))
    manager.settimeout(SECONDS)
    pid_file = os.path.join(s.directory, "pid")
    s.options = ["-c", f"external_pid_file={pid_file}"]
    os.environ["NOTIFY_SOCKET"] = manager.getsockname()
    try:
        s.start()
    finally:
        del os.environ["NOTIFY_SOCKET"]
    check("it says when it is ready", manager.recv(100), b"READY=1")
    with open(pid_file, encoding="utf-8") as f:
        check("the pid file", f.read(), f"{s.process.pid}\n")
    s.process.send_signal(signal.SIGHUP)
    check("and when it reloads", [manager.recv(100), manager.recv(100)], [b"RELOADING=1", b"READY=1"])

    def healthy():
        return subprocess.run([binary, "--healthcheck", "--port", str(s.port)], check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode
    check("the health check", healthy(), 0)
    connect(s).query("CREATE TABLE t (n int)")
    check("files are the user's alone", {e: mode(s.path + e) for e in ("", "-wal", "-shm")}, {"": 0o600, "-wal": 0o600, "-shm": 0o600})
    second = subprocess.run([binary, "--port", "0", s.path], check=False, capture_output=True, text=True, timeout=SECONDS)
    check_that("a second server is refused", second.returncode == 1 and "is already served by another pgfeather" in second.stderr, second.stderr)
    check("it ends in order", s.stop(), 0)
    check("and says so before", manager.recv(100), b"STOPPING=1")
    check("no pid file is left", os.path.exists(pid_file), False)
    check("the health check of none", healthy() != 0, True)
    manager.close()
    shutil.rmtree(s.directory)


def test_backup(binary):
    with open(DOCS, encoding="utf-8") as f:
        command = re.search(r'^    (sqlite3 app\.db "\.backup copy\.db")$', f.read(), re.M)
    check_that("the documentation has a command for backups", command, DOCS)
    with Server(binary) as s:
        c = connect(s)
        for sql in ("CREATE EXTENSION vector", "CREATE TABLE account (id int PRIMARY KEY, amount int)", "INSERT INTO account VALUES (1, 500), (2, 500)",
                    "CREATE TABLE item (id int PRIMARY KEY, v vector(3))", "CREATE INDEX item_v ON item USING ivf (v vector_l2_ops)"):
            check(sql, c.query(sql)[-1].error, None)
        stop, written = threading.Event(), []

        def write():
            w = connect(s)
            while not stop.is_set():
                n = len(written) + 1
                rows(w, f"BEGIN; UPDATE account SET amount = amount - 1 WHERE id = 1; INSERT INTO item VALUES ({n}, '[{n % 5},{n % 7},{n}]'); "
                        "UPDATE account SET amount = amount + 1 WHERE id = 2; COMMIT")
                written.append(n)

        writer = threading.Thread(target=write)
        writer.start()
        while len(written) < 100:
            stop.wait(0.01)
        before, copy = len(written), os.path.join(s.directory, "copy.db")
        if shutil.which("sqlite3") and command:
            subprocess.run(command[1].replace("app.db", s.path).replace("copy.db", copy), shell=True, check=True, timeout=60)
        else: # the same call by another program
            source, target = sqlite3.connect(s.path), sqlite3.connect(copy)
            source.backup(target)
            source.close()
            target.close()
        stop.set()
        writer.join()
        with Server(binary, path=copy) as restored:
            r = connect(restored)
            n = int(rows(r, "SELECT count(*) FROM item")[0][0])
            check_that("the copy has what was acknowledged before", before <= n <= len(written), f"{before} <= {n} <= {len(written)}")
            check("it is of one moment", rows(r, "SELECT sum(amount) FROM account"), [["1000"]])
            check("rows are whole", rows(r, "SELECT max(id) FROM item"), [[str(n)]])
            check("so is the vector index", rows(r, "SELECT vec_check('item_v')"), [["ok"]])
            check("it can be written", rows(r, "INSERT INTO item VALUES (-1, '[1,2,3]') RETURNING id"), [["-1"]])
        check("the server was not disturbed", rows(c, "SELECT count(*) FROM item"), [[str(len(written))]])


def main():
    for test in (test_manager, test_backup):
        test(sys.argv[1])
    return report()


sys.exit(main())
