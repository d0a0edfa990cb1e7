#!/usr/bin/env python3
"""Writes binary.def: values with their text and binary form as PostgreSQL 15 has them.

Usage: record_binary.py [psql connection options]
"""
import os
import subprocess
import sys

VALUES = {
    "bool": ["t", "f"],
    "int2": ["0", "-32768", "32767"],
    "int4": ["0", "-2147483648", "2147483647"],
    "int8": ["0", "-9223372036854775808", "9223372036854775807"],
    "float4": ["0", "-0", "1.5", "3.4028235e38", "1e-45", "NaN", "-Infinity"],
    "float8": ["0", "-0", "0.1", "1.7976931348623157e308", "5e-324", "NaN", "Infinity"],
    "numeric": ["0", "1.10", "-1.10", "10000", "0.0001", "123456789012345678901234567890.123456789",
                "-0.000000000000000000001", "NaN", "Infinity", "-Infinity", "1e40", "100000000.00"],
    "text": ["", "a'b\"c", "äöü € 🐘"],
    "varchar": ["", "abc"],
    "bpchar": ["abc", "abc  "],
    "name": ["a name"],
    "bytea": ["\\x", "\\x0001feff"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "date": ["2000-01-01", "1999-12-31", "2024-02-29", "0001-01-01", "9999-12-31", "4713-01-01 BC",
             "infinity", "-infinity"],
    "time": ["00:00:00", "23:59:59.999999", "24:00:00"],
    "timestamp": ["2000-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 13:14:15.123456",
                  "infinity", "-infinity", "0044-03-15 12:00:00 BC"],
    "timestamptz": ["2000-01-01 00:00:00+00", "2024-02-29 13:14:15.123456+02", "infinity"],
    "interval": ["0", "1 year 2 mons 3 days 04:05:06.789", "-1 day", "-00:00:01", "178000000 years"],
    "json": ["{\"a\":  1}", "null"],
    "jsonb": ["{\"b\": 1, \"a\": [1, 2.50, null]}", "\"x\"", "null"],
    "oid": ["0", "4294967295"],
    "int4[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[2:3]={7,8}"],
    "text[]": ["{a,\"b c\",NULL,\"NULL\",\"\"}"],
    "numeric[]": ["{1.50,NaN}"],
    "bool[]": ["{t,f}"],
    "float8[]": ["{0.1,-1e+300}"],
    "timestamptz[]": ["{\"2024-02-29 13:14:15+00\"}"],
    "uuid[]": ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"],
    "bytea[]": ["{\"\\\\x00ff\"}"],
    "jsonb[]": ["{\"{\\\"a\\\": 1}\"}"],
    "date[]": ["{2024-02-29}"],
}
# types without a function of the plain name
SEND = {"bool": "boolsend", "name": "namesend", "bpchar": "bpcharsend", "timestamp": "timestamp_send",
        "timestamptz": "timestamptz_send", "date": "date_send", "time": "time_send",
        "interval": "interval_send", "numeric": "numeric_send", "uuid": "uuid_send",
        "json": "json_send", "jsonb": "jsonb_send"}


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    selects = []
    for name, values in VALUES.items():
        send = "array_send" if name.endswith("[]") else SEND.get(name, name + "send")
        for i, value in enumerate(values):
            v = f"{literal(value)}::{name}"
            selects.append(f"SELECT '{name}', '{name}'::regtype::oid, {literal(value)}, format('%s', {v}), "
                           f"encode({send}({v}), 'hex')")
    env = dict(os.environ, PGTZ="UTC")
    out = subprocess.run(["psql", "-X", "-At", "-F", "\x1f", "-R", "\x1e", *sys.argv[1:], "-c",
                          " UNION ALL ".join(selects)], env=env, check=True, capture_output=True,
                         text=True).stdout
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "binary.def")
    with open(path, "w", encoding="utf-8") as f:
        f.write("/* binary.def: BINARY(type, oid, literal, text, binary form in hex), as PostgreSQL 15 has them.\n"
                "   Written by record_binary.py; do not edit. */\n")
        for row in out.rstrip("\n").split("\x1e"):
            name, oid, value, text, hexa = row.split("\x1f")
            f.write(f"BINARY({c_string(name)}, {oid}, {c_string(value)}, {c_string(text)}, \"{hexa}\")\n")


main()
