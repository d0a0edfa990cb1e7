"""A PostgreSQL 15 of a test's own: a fresh cluster on a free port, run by an ordinary user (root cannot run one)."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile

BIN = "/usr/lib/postgresql/15/bin"


def installed():
    return os.path.exists(os.path.join(BIN, "initdb")) and os.path.exists(os.path.join(BIN, "pg_dump"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    """with Postgres() as p: p.port ...   superuser postgres, trust; nothing is synced to disk."""

    def __enter__(self):
        self.directory, self.port = tempfile.mkdtemp(prefix="test-pg-"), free_port()
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        if self.user:
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
        self.run("initdb", "-D", f"{self.directory}/data", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-N")
        self.run("pg_ctl", "-D", f"{self.directory}/data", "-w", "-l", f"{self.directory}/log", "-o",
                 f"-p {self.port} -k {self.directory} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=UTC", "start")
        return self

    def run(self, program, *arguments):
        kw = {"user": self.user.pw_uid, "group": self.user.pw_gid} if self.user else {}
        subprocess.run([os.path.join(BIN, program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=120, **kw)

    def __exit__(self, *exc):
        self.run("pg_ctl", "-D", f"{self.directory}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)
