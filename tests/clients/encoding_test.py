#!/usr/bin/env python3
"""Clients whose character set is not UTF8: statements, parameters, rows, names, errors and COPY are converted both ways."""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from common import check_true, finish  # noqa: E402
from pgwire import Connection  # noqa: E402

c = Connection(os.environ["PGHOST"], int(os.environ["PGPORT"]), os.environ["PGUSER"], os.environ["PGDATABASE"], TimeZone="UTC")


def ask(message, *more):
    """Raw bodies by message type, of one message (and what follows it) up to ReadyForQuery."""
    for kind, body in (message, *more):
        c.send(kind, body)
    found = {}
    while True:
        kind, body = c.read()
        found.setdefault(kind, []).append(body)
        if kind == b"Z":
            return found
        if kind == b"G":
            c.send(b"d", copied)
            c.send(b"c")


def query(text):
    return ask((b"Q", text + b"\0"))


def cell(answer):
    return answer[b"D"][0][6:] if b"D" in answer else None


def state(answer):
    return next(f[1:] for f in answer[b"E"][0].split(b"\0") if f[:1] == b"C") if b"E" in answer else None


copied = b"na\xefve\tz\n"
query(b"SET client_encoding TO 'LATIN1'")
check_true("a row", cell(query(b"SELECT '\xe9' || length('\xe9') || octet_length('\xe9')")) == b"\xe912")
check_true("a column's name", b"n\xe4me" in query(b"SELECT 1 AS \"n\xe4me\"")[b"T"][0])
check_true("an error", b'"nope_\xe9"' in query(b"SELECT nope_\xe9")[b"E"][0])
check_true("what LATIN1 lacks", state(query(b"SELECT U&'\\20ac'")) == b"22P05")
query(b"CREATE TABLE encoded (a text, b text)")
check_true("COPY in", query(b"COPY encoded FROM STDIN")[b"C"] == [b"COPY 1\0"])
check_true("stored as UTF8", cell(query(b"SELECT octet_length(a)::text FROM encoded")) == b"6")
check_true("COPY out", query(b"COPY encoded TO STDOUT")[b"d"] == [copied])
check_true("COPY out in another", query(b"COPY encoded TO STDOUT (ENCODING 'UTF8')")[b"d"] == [b"na\xc3\xafve\tz\n"])
bind = b"\0\0" + struct.pack("!h", 0) + struct.pack("!hi", 1, 2) + b"\xfc\xfc" + struct.pack("!h", 0)
answer = ask((b"P", b"\0SELECT $1::text || '!'\0" + struct.pack("!h", 0)), (b"B", bind), (b"E", b"\0\0\0\0\0"), (b"S", b""))
check_true("a parameter", cell(answer) == b"\xfc\xfc!")
query(b"SET client_encoding TO 'SJIS'")
check_true("two bytes a character", cell(query(b"SELECT U&'\\65e5'")) == b"\x93\xfa")
query(b"SET client_encoding TO 'EUC_JP'")
check_true("and back", cell(query(b"SELECT '\xc6\xfc' = U&'\\65e5'")) == b"t")
check_true("bytes that are no character", state(query(b"SELECT '\xff'")) == b"22021")
check_true("an unknown name", state(query(b"SET client_encoding TO 'nope'")) == b"22023")
query(b"RESET client_encoding")
check_true("UTF8 again", cell(query(b"SELECT a FROM encoded")) == b"na\xc3\xafve")
finish()
