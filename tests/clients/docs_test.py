#!/usr/bin/env python3
"""docs/clients.md names the versions that are pinned here."""
import json
import pathlib
import re

from common import check_true, finish

HERE = pathlib.Path(__file__).resolve().parent
PAGE = (HERE.parents[1] / "docs" / "clients.md").read_text(encoding="utf-8")
# As the page calls them, where the registries say it otherwise; None: not named there.
NAMES = {"psycopg2-binary": "psycopg2", "psycopg[binary]": "psycopg", "alembic": "Alembic", "numpy": None, "pgvector": None,
         "postgres": "postgres.js", "sequelize": "Sequelize", "postgresql": "pgjdbc", "github.com/jackc/pgx/v5": "pgx",
         "github.com/lib/pq": "lib/pq", "github.com/jmoiron/sqlx": "sqlx", "gorm.io/gorm": "gorm", "gorm.io/driver/postgres": None}


def pins():
    yield from re.findall(r"^(\S+)==(\S+)$", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    yield from json.loads((HERE / "package.json").read_text())["dependencies"].items()
    yield from re.findall(r"<artifactId>([^<]*)</artifactId><version>([^<]*)<", (HERE / "java" / "pom.xml").read_text())
    yield from re.findall(r"^\t(\S+) v(\S+)$", (HERE / "go" / "go.mod").read_text(), re.MULTILINE)


for name, version in pins():
    shown = NAMES.get(name, name)
    if shown:
        check_true(f"{shown} {version}", f"{shown} {'.'.join(version.split('.')[:2])}" in PAGE)
finish()
