"""Starts pgfeather for a test on a free port, and stops it by its process."""
import os
import re
import shutil
import signal
import subprocess
import tempfile


class Server:
    """with Server(binary) as s: s.port ...   path: an existing file or directory, or None for a temporary file."""

    def __init__(self, binary, path=None, options=()):
        self.directory = tempfile.mkdtemp(prefix="pgfeather-")
        self.path = path or os.path.join(self.directory, "test.db")
        self.binary, self.options = binary, list(options)

    def start(self):
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.process = subprocess.Popen([self.binary, "--port", "0", *self.options, self.path],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        m = re.match(r"pgfeather: ready on .*?:(\d+), database (\S+)", line)
        if not m:
            self.process.wait()
            with open(os.path.join(self.directory, "log")) as f:
                raise RuntimeError(f"no ready line: {line!r} {f.read()[-2000:]}")
        self.port, self.database = int(m.group(1)), m.group(2)
        return self

    def stop(self, how=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
