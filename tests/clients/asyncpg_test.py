#!/usr/bin/env python3
"""asyncpg: Parse, Describe, Flush; everything in binary, by the types that the server infers."""
import asyncio
import io
import json

import common
from common import (ARRAYS, JSON_VALUES, VALUES, WITH_VECTOR, check, check_true, finish, new_table,
                    skip)

try:
    import asyncpg
except ImportError:
    skip("asyncpg is not installed")


async def attempt(name, coroutine):
    try:
        await coroutine
    except Exception:
        common.failed += 1
        common.report_exception(name)


async def round_trip(conn, sql_type, value):
    name = f"{sql_type} {str(value)[:40]!r}"
    rt = new_table()
    await conn.execute(f"CREATE TABLE {rt} (id serial PRIMARY KEY, v {sql_type})")
    row = await conn.fetchrow(f"INSERT INTO {rt} (v) VALUES ($1) RETURNING id, v", value)
    check(f"{name} id", row["id"], 1)
    check(f"{name} returning", comparable(row["v"]), comparable(value))
    check(f"{name} select", comparable(await conn.fetchval(f"SELECT v FROM {rt} WHERE id = $1", 1)),
          comparable(value))
    check(f"{name} update", await conn.execute(f"UPDATE {rt} SET v = $1 WHERE id = $2", value, 1),
          "UPDATE 1")
    check(f"{name} updated", comparable(await conn.fetchval(f"SELECT v FROM {rt}")), comparable(value))
    check(f"{name} delete", await conn.execute(f"DELETE FROM {rt} WHERE id = $1", 1), "DELETE 1")
    await conn.execute(f"DROP TABLE {rt}")


def comparable(value):
    """asyncpg has a UUID class of its own."""
    if type(value).__name__ == "UUID":
        return str(value)
    if isinstance(value, list):
        return [comparable(v) for v in value]
    return value


async def test_types(conn):
    for sql_type, values in VALUES:
        for value in values:
            await attempt(sql_type, round_trip(conn, sql_type, value))
    for element, values in ARRAYS:
        await attempt(element, round_trip(conn, f"{element}[]", values))
    for sql_type in ("json", "jsonb"):
        await conn.set_type_codec(sql_type, schema="pg_catalog", encoder=json.dumps,
                                  decoder=json.loads)
        for value in JSON_VALUES:
            if value is not None:  # which asyncpg sends as NULL
                await attempt(sql_type, round_trip(conn, sql_type, value))
    if WITH_VECTOR:
        await conn.execute("CREATE EXTENSION IF NOT EXISTS vector")
        got = await conn.fetchval("SELECT $1::text::vector(3)::text", "[1,2.5,-3]")
        check("vector", got, "[1,2.5,-3]")


async def test_inference(conn):
    await conn.execute("CREATE TABLE inf (i int4, b int8, t text, v varchar(9), n numeric, "
                       "a int4[], d date, u uuid, j jsonb)")
    for sql, types in [("SELECT * FROM inf WHERE i = $1", ["int4"]),
                       ("SELECT * FROM inf WHERE v = $1", ["text"]),
                       ("SELECT * FROM inf WHERE i = ANY($1)", ["int4[]"]),
                       ("SELECT * FROM inf LIMIT $1 OFFSET $2", ["int8", "int8"]),
                       ("SELECT * FROM inf WHERE j @> $1", ["jsonb"]),
                       ("INSERT INTO inf (d, u, n) VALUES ($1, $2, $3)", ["date", "uuid", "numeric"]),
                       ("UPDATE inf SET a = $2 WHERE b = $1", ["int8", "int4[]"]),
                       ("SELECT $1", ["text"]),
                       ("SELECT $1::int4 + $2", ["int4", "int4"]),
                       ("SELECT lower($1), $2 || 'x'", ["text", "text"])]:
        statement = await conn.prepare(sql)
        check(sql, [p.name for p in statement.get_parameters()], types)
    statement = await conn.prepare("SELECT i, b + 1 AS c, n * 2, count(*) FROM inf GROUP BY 1, 2, 3")
    check("attributes", [(a.name, a.type.name) for a in statement.get_attributes()],
          [("i", "int4"), ("c", "int8"), ("?column?", "numeric"), ("count", "int8")])
    await conn.execute("DROP TABLE inf")


async def test_many(conn):
    await conn.execute("CREATE TABLE many (id int4 PRIMARY KEY, t text)")
    await conn.executemany("INSERT INTO many VALUES ($1, $2)", [(i, str(i)) for i in range(5000)])
    check("executemany", await conn.fetchval("SELECT count(*) FROM many"), 5000)
    async with conn.transaction():
        total = 0
        async for row in conn.cursor("SELECT id FROM many ORDER BY id", prefetch=100):
            total += row["id"]
        check("cursor", total, 4999 * 5000 // 2)
    records = [(i, None if i % 2 else "x") for i in range(5000, 8000)]
    check("binary copy", await conn.copy_records_to_table("many", records=records), "COPY 3000")
    out = io.BytesIO()
    await conn.copy_from_query("SELECT id, t FROM many WHERE id BETWEEN $1 AND $2", 4999, 5001,
                               output=out)
    check("copy out", out.getvalue(), b"4999\t4999\n5000\tx\n5001\t\\N\n")
    await conn.execute("DROP TABLE many")


async def test_errors(conn):
    for sql, args, name in [("SELECT 1/$1::int4", (0,), "DivisionByZeroError"),
                            ("SELECT * FROM nowhere", (), "UndefinedTableError"),
                            ("SELEC", (), "PostgresSyntaxError")]:
        try:
            await conn.fetch(sql, *args)
            check(sql, "no error", name)
        except asyncpg.PostgresError as e:
            check(sql, type(e).__name__, name)
    await conn.execute("CREATE TABLE un (id int4 CONSTRAINT un_key PRIMARY KEY)")
    await conn.execute("INSERT INTO un VALUES (1)")
    try:
        await conn.execute("INSERT INTO un VALUES ($1)", 1)
        check("unique", "no error", "un_key")
    except asyncpg.UniqueViolationError as e:
        check("unique", e.constraint_name, "un_key")
        check("unique detail", e.detail, "Key (id)=(1) already exists.")
    await conn.execute("DROP TABLE un")


async def test_cancel(conn):
    sql = "SELECT count(*) FROM generate_series(1, 100000000000) g WHERE g % 7 = 9"
    try:
        await conn.fetchval(sql, timeout=0.3)
        check("timeout", "no error", "TimeoutError")
    except (asyncio.TimeoutError, TimeoutError):
        pass
    check("after the timeout", await conn.fetchval("SELECT 1"), 1)


async def test_pool():
    async with asyncpg.create_pool(min_size=2, max_size=4) as pool:
        async def one(i):
            async with pool.acquire() as conn:
                return await conn.fetchval("SELECT $1::int4 * 2", i)
        check("pool", await asyncio.gather(*[one(i) for i in range(50)]), [2 * i for i in range(50)])


async def main():
    conn = await asyncpg.connect()
    check_true("server version", conn.get_server_version().major >= 15)
    check("client_encoding", conn.get_settings().client_encoding, "UTF8")
    await conn.execute("SET application_name = 'changed'")
    check("ParameterStatus", conn.get_settings().application_name, "changed")
    for part in (test_types, test_inference, test_many, test_errors, test_cancel):
        await attempt(part.__name__, part(conn))
    await attempt("test_pool", test_pool())
    await conn.close()


asyncio.run(main())
finish()
