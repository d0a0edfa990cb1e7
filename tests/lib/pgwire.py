"""A small PostgreSQL client for tests: the simple query protocol over a socket, every message kept.

Standard library only, so that the tests need no driver; trust authentication only.
"""
import socket
import struct


class Result:
    """What one statement answered: columns [(name, type oid, typmod)], rows of text, tag, error fields, notices."""

    def __init__(self):
        self.columns, self.rows, self.tag, self.error, self.notices = None, [], None, None, []
        self.copy = None


class Connection:
    def __init__(self, host, port, user="postgres", database="postgres", timeout=60, **params):
        if host.startswith("/"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(f"{host}/.s.PGSQL.{port}")
        else:
            self.sock = socket.create_connection((host, port))
        self.sock.settimeout(timeout)
        self.buffer = bytearray()
        self.parameters = {}
        self.pid = self.key = None
        self.status = None
        body = struct.pack("!i", 196608)
        for k, v in {"user": user, "database": database, **params}.items():
            body += k.encode() + b"\0" + v.encode() + b"\0"
        self.sock.sendall(struct.pack("!i", len(body) + 5) + body + b"\0")
        while True:
            kind, body = self.read()
            if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
                raise RuntimeError("password authentication asked for")
            if kind == b"S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            if kind == b"K":
                self.pid, self.key = struct.unpack("!ii", body)
            if kind == b"E":
                raise RuntimeError(fields(body).get("M"))
            if kind == b"Z":
                self.status = body.decode()
                return

    def _need(self, n):
        while len(self.buffer) < n:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the server closed the connection")
            self.buffer += data

    def read(self):
        self._need(5)
        length = struct.unpack("!i", self.buffer[1:5])[0]
        self._need(length + 1)
        kind, body = bytes(self.buffer[:1]), bytes(self.buffer[5:length + 1])
        del self.buffer[:length + 1]
        return kind, body

    def send(self, kind, body=b""):
        self.sock.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def query(self, sql, copy_data=None):
        """Runs a text; returns one Result for each statement in it that answered."""
        self.send(b"Q", sql.encode() + b"\0")
        return self.results(copy_data)

    def results(self, copy_data=None):
        """What the text sent last, or the next of several sent ahead, answered."""
        results, r = [], Result()
        while True:
            kind, body = self.read()
            if kind == b"T":
                r.columns = row_description(body)
            elif kind == b"D":
                r.rows.append(data_row(body))
            elif kind == b"C":
                r.tag = body[:-1].decode()
                results.append(r)
                r = Result()
            elif kind == b"I":
                r.tag = ""
                results.append(r)
                r = Result()
            elif kind == b"E":
                r.error = fields(body)
                results.append(r)
                r = Result()
            elif kind == b"N":
                r.notices.append(fields(body))
            elif kind == b"S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == b"G":
                self.send(b"d", (copy_data or "").encode())
                self.send(b"c")
            elif kind == b"H":
                r.copy = b""
            elif kind == b"d":
                r.copy += body
            elif kind == b"Z":
                self.status = body.decode()
                return results

    def execute(self, sql, value_of):
        """Parse, Describe, Bind and Execute in text; value_of(type oid) gives the text of each parameter, None for null."""
        self.send(b"P", b"\0" + sql.encode() + b"\0\0\0")
        self.send(b"D", b"S\0")
        self.send(b"S")
        types, result = self._answers()
        if result.error:
            return result
        values = [value_of(t) for t in types]
        body = b"\0\0\0\0" + struct.pack("!h", len(values))
        for v in values:
            data = None if v is None else v.encode()
            body += struct.pack("!i", -1) if data is None else struct.pack("!i", len(data)) + data
        self.send(b"B", body + b"\0\0")
        self.send(b"E", b"\0\0\0\0\0")
        self.send(b"S")
        columns = result.columns
        result = self._answers()[1]
        result.columns = columns
        return result

    def _answers(self):
        """Messages up to ReadyForQuery: types of parameters, and what was answered."""
        types, r = [], Result()
        while True:
            kind, body = self.read()
            if kind == b"t":
                n, = struct.unpack("!h", body[:2])
                types = list(struct.unpack(f"!{n}I", body[2:2 + 4 * n]))
            elif kind == b"T":
                r.columns = row_description(body)
            elif kind == b"D":
                r.rows.append(data_row(body))
            elif kind == b"C":
                r.tag = body[:-1].decode()
            elif kind == b"E":
                r.error = fields(body)
            elif kind == b"N":
                r.notices.append(fields(body))
            elif kind == b"Z":
                self.status = body.decode()
                return types, r

    def close(self):
        try:
            self.send(b"X")
        except OSError:
            pass
        self.sock.close()


def fields(body):
    return {f[:1].decode(): f[1:].decode(errors="backslashreplace") for f in body.split(b"\0") if f}


def row_description(body):
    n, = struct.unpack("!h", body[:2])
    at, out = 2, []
    for _ in range(n):
        end = body.index(b"\0", at)
        name = body[at:end].decode()
        _, _, oid, _, typmod, _ = struct.unpack("!ihihih", body[end + 1:end + 19])
        at = end + 19
        out.append((name, oid, typmod))
    return out


def data_row(body):
    n, = struct.unpack("!h", body[:2])
    at, out = 2, []
    for _ in range(n):
        length, = struct.unpack("!i", body[at:at + 4])
        at += 4
        if length < 0:
            out.append(None)
        else:
            out.append(body[at:at + length].decode(errors="replace"))
            at += length
    return out
