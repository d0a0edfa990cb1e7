#!/usr/bin/env python3
"""Rules of hba_file: which one decides, what is refused in which words, what is wrong in the file; passwords and the peer of a socket."""
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import pgwire  # noqa: E402
from checks import check, check_that, report, rows  # noqa: E402
from server import Server  # noqa: E402

ME, SECONDS = pwd.getpwuid(os.getuid()).pw_name, 20
RULES = f"""
# type  database   user        address              method
local   all        {ME}                             peer
local   all        all                              reject
host    all        banned      127.0.0.0/8          reject
host    other,none all         127.0.0.1/32         reject
host    "all"      odd         127.0.0.1/32         trust
host    sameuser   test        127.0.0.1 255.255.255.255 trust   # database and user are both "test"
hostssl all        sealed      all                  trust
host    test       open,opener 127.0.0.1/32         trust
host    test       secret,"a,b"  127.0.0.1/32       scram-sha-256
host    all        far         10.0.0.0/8           trust
host    all        six         ::1/128              trust
"""


def outcome(s, user, database=None, host="127.0.0.1"):
    try:
        pgwire.Connection(host, s.port, user=user, database=database or s.database).close()
        return "taken"
    except RuntimeError as e:
        return str(e)


def no_entry(user, database="test", host="127.0.0.1", words="no pg_hba.conf entry"):
    return f'{words} for host "{host}", user "{user}", database "{database}", no encryption'


def rejected(user, database="test", host="127.0.0.1"):
    return no_entry(user, database, host, "pg_hba.conf rejects connection")


def psql(s, user, password):
    """What psql says with that password."""
    r = subprocess.run(["psql", "-X", "-At", "-h", "127.0.0.1", "-p", str(s.port), "-U", user, "-c", "SELECT current_user", s.database],
                       env={**os.environ, "PGPASSWORD": password}, capture_output=True, text=True, check=False, timeout=SECONDS)
    return r.stdout.strip() or r.stderr.strip().split("FATAL:  ")[-1]


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def test_rules(s, path):
    c = pgwire.Connection("127.0.0.1", s.port, database=s.database)
    for role in ("banned", "odd", "test", "sealed", "open", "opener", "far", "six", "plain", ME):
        if role != "postgres":
            rows(c, f'CREATE ROLE "{role}" LOGIN')
    rows(c, "CREATE ROLE secret LOGIN PASSWORD 'word'")
    c.close()
    s.stop()
    write(path, RULES)
    s.options += ["-c", f"hba_file={path}"]
    s.start()
    for what, got, want in (
            ("trust by name", outcome(s, "open"), "taken"), ("each of a list", outcome(s, "opener"), "taken"),
            ("sameuser", outcome(s, "test"), "taken"), ("reject", outcome(s, "banned"), rejected("banned")),
            ("the first rule that fits decides", outcome(s, "open", "other"), rejected("open", "other")),
            ("no rule", outcome(s, "plain"), no_entry("plain")), ("a quoted word is a name", outcome(s, "odd"), no_entry("odd")),
            ("another network", outcome(s, "far"), no_entry("far")), ("another family", outcome(s, "six"), no_entry("six")),
            ("TLS only", outcome(s, "sealed"), no_entry("sealed")), ("a role that is not", outcome(s, "unknown"), no_entry("unknown")),
            ("a socket: peer", outcome(s, ME, host=s.directory), "taken"),
            ("a socket: others", outcome(s, "open", host=s.directory), rejected("open", host="[local]"))):
        check(what, got, want)
    if shutil.which("psql"):
        check("a password", psql(s, "secret", "word"), "secret")
        check("a wrong one", psql(s, "secret", "no"), 'password authentication failed for user "secret"')
    write(path, "host all all all trust\n")
    s.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + SECONDS
    while outcome(s, "plain") != "taken" and time.monotonic() < end:
        time.sleep(0.02)
    check("SIGHUP reads the rules again", outcome(s, "plain"), "taken")
    check("trust is for roles that are", outcome(s, "unknown"), 'role "unknown" does not exist')
    write(path, "host all all all trust\nhost all all nowhere.example.com trust\n")
    s.process.send_signal(signal.SIGHUP)
    log = os.path.join(s.directory, "log")
    want = f'line 2 of configuration file "{path}": only IP addresses and "all" are supported as addresses; the settings in force stay'
    while want not in (text := open(log, encoding="utf-8").read()) and time.monotonic() < end + SECONDS:
        time.sleep(0.02)
    check_that("a wrong file changes nothing", want in text and outcome(s, "plain") == "taken", text[-300:])


def test_wrong_files(binary, s, path):
    for line, wrong in (("host all all", "it has too few fields"), ("hostgss all all all trust", "the connection type is unknown or not supported"),
                        ("host all all 300.0.0.1/8 trust", 'only IP addresses and "all" are supported as addresses'),
                        ("host all all 10.0.0.0/33 trust", "invalid CIDR mask"), ("host all all 10.0.0.0/x trust", "invalid CIDR mask"),
                        ("host all all 10.0.0.0 trust", "the mask is missing or invalid"), ("host all all all md5", "the method is unknown or not supported"),
                        ("host all all all trust clientcert=verify-full", "options are not supported"),
                        ("host all all all peer", "peer is for local connections only"), ("host all +group all trust", "groups of roles and files of names are not supported"),
                        ("host @file all all trust", "groups of roles and files of names are not supported"), ('host all "x all trust', "a quote does not end"),
                        ("local all all", "it has too few fields")):
        write(path, line + "\n")
        r = subprocess.run([binary, "--port", "0", "-c", f"hba_file={path}", s.path], capture_output=True, text=True, check=False, timeout=SECONDS)
        check(line, (r.returncode, r.stderr.strip()), (1, f'pgfeather: line 1 of configuration file "{path}": {wrong}'))
    write(path, "# nothing\n")
    r = subprocess.run([binary, "--port", "0", "-c", f"hba_file={path}", s.path], capture_output=True, text=True, check=False, timeout=SECONDS)
    check("no rules", r.stderr.strip(), f'pgfeather: configuration file "{path}" contains no entries')


def main():
    s = Server(sys.argv[1])
    s.options = ["--socket-dir", s.directory]
    path = os.path.join(s.directory, "pg_hba.conf")
    s.start()
    test_rules(s, path)
    s.stop()
    test_wrong_files(sys.argv[1], s, path)
    shutil.rmtree(s.directory)
    return report()


sys.exit(main())
