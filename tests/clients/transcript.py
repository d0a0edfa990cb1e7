#!/usr/bin/env python3
"""transcript.py CLIENT: runs one client's program and compares what it prints with what it printed on PostgreSQL 15.

A program writes what its driver showed it, one line a thing, and judges nothing; expected/CLIENT.out is its output from
PostgreSQL. A line that is missing, or that PostgreSQL did not give, is one failure. run.sh calls this for each client.

  transcript.py CLIENT --record   run by libpq's variables against a PostgreSQL 15: writes expected/CLIENT.out, in a
                                  database of its own
  transcript.py CLIENT --show     only the output
"""
import difflib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INSTALLED = pathlib.Path(os.environ.get("PGFEATHER_CLIENTS", HERE.parents[1] / "build" / "clients"))
TIME_LIMIT = 100


class Skip(Exception):
    pass


def program(name):
    """The interpreter's path."""
    path = shutil.which(name)
    if not path:
        raise Skip(f"{name} is not installed")
    return path


def marked(language):
    """tools/clients.sh leaves this mark where it has put a language's drivers."""
    if not (INSTALLED / f"{language}.done").exists():
        raise Skip(f"the {language} drivers are not installed")


def script(interpreter, file, probe):
    """A program in the interpreter's language; probe: its arguments that fail where the driver is missing."""
    path = program(interpreter)
    if subprocess.run([path, *probe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip(f"{' '.join(probe)} fails: the driver of {file} is not installed")
    return [path, str(HERE / file)]


def python(file, module):
    own = INSTALLED / "venv" / "bin" / "python"
    return script(str(own) if own.exists() else "python3", file, ["-c", f"import {module}"])


def node(file, package):
    if not (INSTALLED / "node_modules" / package).exists():
        raise Skip(f"the node package {package} is not installed")
    return [program("node"), str(HERE / "js" / file)]


def go(package):
    """Built here, so that it follows its source; nothing is fetched."""
    marked("go")
    binary = INSTALLED / "go" / package
    subprocess.run([program("go"), "build", "-o", binary, f"./{package}"], cwd=HERE / "go", check=True,
                   env=os.environ | {"GOPROXY": "off", "GOFLAGS": "-mod=mod"})
    return [str(binary)]


def java(name):
    marked("java")
    jars, classes = INSTALLED / "java", INSTALLED / "java" / "classes" / name
    path = f"{jars}/*:{classes}"
    sources = [HERE / "java" / "Transcript.java", *sorted((HERE / "java" / name).glob("*.java"))]
    subprocess.run([program("javac"), "-nowarn", "-proc:none", "-cp", path, "-d", classes, *sources], check=True)
    return [program("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", path, "Main"]


def rust(binary):
    marked("rust")
    subprocess.run([program("cargo"), "build", "--quiet", "--offline", "--locked", "--bin", binary], check=True,
                   cwd=HERE / "rust", env=os.environ | {"CARGO_TARGET_DIR": str(INSTALLED / "rust")})
    return [str(INSTALLED / "rust" / "debug" / binary)]


CLIENTS = {
    "go_pgx": lambda: go("pgx"),
    "go_database_sql": lambda: go("database_sql"),
    "go_gorm": lambda: go("gorm"),
    "java_jdbc": lambda: java("jdbc"),
    "js_postgres": lambda: node("postgres_js.js", "postgres"),
    "js_knex": lambda: node("knex_client.js", "knex"),
    "js_sequelize": lambda: node("sequelize_client.js", "sequelize"),
    "python_pg8000": lambda: python("pg8000_client.py", "pg8000"),
    "python_alembic": lambda: python("alembic_client.py", "alembic"),
    "ruby_pg": lambda: script("ruby", "ruby/pg_client.rb", ["-rpg", "-e", ""]),
    "ruby_active_record": lambda: script("ruby", "ruby/active_record.rb", ["-rpg", "-ractive_record", "-e", ""]),
    "ruby_sequel": lambda: script("ruby", "ruby/sequel_client.rb", ["-rpg", "-rsequel", "-e", ""]),
    "php_pdo": lambda: script("php", "php/pdo_client.php", ["-r", "exit(extension_loaded('pdo_pgsql') ? 0 : 1);"]),
    "perl_dbd_pg": lambda: script("perl", "perl/dbd_pg.pl", ["-MDBD::Pg", "-e", "1"]),
}


def output_of(client):
    command = CLIENTS[client]()
    environment = os.environ | {"PGFEATHER_CASES": str(HERE / "cases"), "TZ": "UTC", "LC_ALL": "C.UTF-8",
                                "NODE_PATH": str(INSTALLED / "node_modules")}
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=TIME_LIMIT, check=False)
    text = ran.stdout.decode("utf-8", "replace")
    if ran.returncode == 77:
        raise Skip(text.strip().splitlines()[-1])
    return text + (f"exit status {ran.returncode}\n" if ran.returncode else "")


def record(client):
    database = f"clients_record_{os.getpid()}"
    subprocess.run(["psql", "-qXc", f"CREATE DATABASE {database} TEMPLATE template0 LOCALE 'C.UTF-8'", "postgres"],
                   check=True)
    os.environ["PGDATABASE"] = database
    try:
        text = output_of(client)
    finally:
        subprocess.run(["psql", "-qXc", f"DROP DATABASE {database} WITH (FORCE)", "postgres"], check=True)
    (HERE / "expected" / f"{client}.out").write_text(text, encoding="utf-8")


def compare(client):
    expected = (HERE / "expected" / f"{client}.out").read_text(encoding="utf-8").splitlines()
    got = output_of(client).splitlines()
    equal = wrong = 0
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, expected, got, autojunk=False).get_opcodes():
        if tag == "equal":
            equal += i2 - i1
            continue
        wrong += max(i2 - i1, j2 - j1)
        print("\n".join([f"expected: {line}" for line in expected[i1:i2]] + [f"got:      {line}" for line in got[j1:j2]]))
    print(f"{equal} passed, {wrong} failed")
    return 1 if wrong or not equal else 0


def main(arguments):
    client = arguments[0]
    try:
        if "--record" in arguments:
            record(client)
        elif "--show" in arguments:
            print(output_of(client), end="")
        else:
            return compare(client)
    except Skip as reason:
        print(reason)
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
