"""What the Python driver tests share: counting checks, and one value or more of each type.

A test script connects by libpq's environment variables, so the same script runs against pgfeather
(pgfeather FILE --run python3 script) and against PostgreSQL 15. PGFEATHER_TEST_VECTOR=1 adds what
needs pgvector's type.
"""
import datetime as dt
import decimal
import os
import sys
import traceback
import uuid

WITH_VECTOR = os.environ.get("PGFEATHER_TEST_VECTOR") == "1"
UTC = dt.timezone.utc
D = decimal.Decimal

passed = failed = 0


def exactly(value):
    """The value in a form whose equality is exact: 1.1 is not 1.10, 1 not True, and NaN is NaN."""
    if isinstance(value, (list, tuple)):
        return type(value), [exactly(v) for v in value]
    if isinstance(value, (float, decimal.Decimal)):
        return type(value), str(value)
    return type(value), value


def check(name, got, expected):
    global passed, failed
    if exactly(got) == exactly(expected):
        passed += 1
        return
    failed += 1
    print(f"FAILED: {name}\n  expected: {expected!r}\n  got:      {got!r}")


def check_true(name, condition):
    check(name, bool(condition), True)


def report_exception(name):
    """The exception being handled, and the test's own line that met it."""
    lines = traceback.format_exc().strip().splitlines()
    own = [line.strip() for line in lines if "tests/clients" in line]
    print(f"FAILED: {name}: {own[-1] if own else ''}: {lines[-1]}")


def new_table():
    """A name of its own for each table: drivers keep prepared statements by their text."""
    new_table.count = getattr(new_table, "count", 0) + 1
    return f"rt{new_table.count}"


def attempt(name, function, *args):
    """Runs a part of a test; an exception in it is one failure."""
    global failed
    try:
        return function(*args)
    except Exception:
        failed += 1
        report_exception(name)
    return None


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def skip(reason):
    print(reason)
    sys.exit(77)


# type, values as Python has them
VALUES = [
    ("bool", [True, False]),
    ("int2", [0, -32768, 32767]),
    ("int4", [0, -2147483648, 2147483647]),
    ("int8", [0, -9223372036854775808, 9223372036854775807]),
    ("float4", [0.0, 1.5, -0.25, float("inf")]),
    ("float8", [0.1, -1e300, 5e-324, 1.7976931348623157e308, float("-inf"), float("nan")]),
    ("numeric", [D("0"), D("1.10"), D("-0.000000000000000000001"),
                 D("123456789012345678901234567890.123456789"), D("NaN")]),
    ("numeric(10,3)", [D("1.500"), D("-9999999.999")]),
    ("text", ["", "a'b\"c\\d", "tab\tline\nend", "äöü ÿ € 🐘", "x" * 5000]),
    ("varchar(20)", ["", "twenty characters 20"]),
    ("char(5)", ["abc  ", "abcde"]),
    ("bytea", [b"", b"\x00\x01\xfe\xff'\\", bytes(range(256))]),
    ("uuid", [uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), uuid.UUID(int=0)]),
    ("date", [dt.date(2024, 2, 29), dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    ("time", [dt.time(0, 0), dt.time(23, 59, 59, 999999)]),
    ("timestamp", [dt.datetime(2024, 2, 29, 13, 14, 15, 123456), dt.datetime(1, 1, 1),
                   dt.datetime(9999, 12, 31, 23, 59, 59)]),
    ("timestamptz", [dt.datetime(2024, 2, 29, 13, 14, 15, 123456, tzinfo=UTC),
                     dt.datetime(1970, 1, 1, tzinfo=UTC)]),
    ("interval", [dt.timedelta(0), dt.timedelta(days=3, seconds=7, microseconds=9),
                  dt.timedelta(days=-1, hours=5)]),
]

JSON_VALUES = [None, True, 1, 1.5, "ä\"\\", [1, [2, None]], {"a": {"b": [1, 2]}, "c": ""}]

# element type and a list for arrays of it
ARRAYS = [(name, values) for name, values in VALUES
          if name not in ("numeric(10,3)", "char(5)", "varchar(20)") and values == values] + [
    ("varchar", ["", "NULL", "a,b", "{}", '"']),
    ("text", ["NULL", None, "a,b", "{}", '"\\', " "]),
    ("int4", [None, 1, None]),
    ("int4", []),
]
