#!/usr/bin/env python3
"""A PostgreSQL of a test's own: on a free port of 127.0.0.1, in a folder of its own, gone with whoever started it.

  postgres_server.py PROGRAMS    says {"port": ..., "url": ..., "folder": ...} once it takes connections; then takes a command
                                 a line (start, stop, kill) and says "ok". It ends, with its server, where its input ends.

PostgreSQL refuses root, which then starts it as somebody else.
"""
import ctypes
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

START_SECONDS = 60
STOP_SECONDS = 60
USER = "troupe"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


class PostgresServer:
    def __init__(self, programs, auth="trust"):
        self.programs = pathlib.Path(programs) / "bin"
        if not (self.programs / "postgres").exists():
            raise FileNotFoundError(f"there is no PostgreSQL in {programs}: run 'python3 tools/setup.py test'")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-pg-"))
        self.who = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self.data = self.folder / "data"
        self.process = None
        self.port = free_port()
        self.url = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"
        # It is not the making of the cluster that is tested.
        self.run("initdb", "--no-sync", f"--auth={auth}", f"--username={USER}", "--encoding=UTF8", "--no-locale", f"--pgdata={self.data}")

    def run(self, program, *words):
        done = subprocess.run([self.programs / program, *words], capture_output=True, text=True, timeout=START_SECONDS,
                              cwd=self.folder, check=False, **self.who)
        if done.returncode != 0:
            raise RuntimeError(f"{program} ended with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def sql(self, text):
        return self.run("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", text).strip()

    def start(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                    "max_connections": 200, "shared_buffers": "32MB", "max_wal_size": "128MB"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen([self.programs / "postgres", "-D", self.data, *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder,
                                        preexec_fn=end_with_parent, **self.who)
        ready = threading.Event()
        said = []

        def listen(lines):
            for line in lines:
                said.append(line)
                del said[:-50]
                if "ready to accept connections" in line:
                    ready.set()
            ready.set()

        self.listener = threading.Thread(target=listen, args=(self.process.stderr,), daemon=True)
        self.listener.start()
        if not ready.wait(START_SECONDS) or self.process.poll() is not None:
            raise RuntimeError("PostgreSQL does not start: " + "".join(said).strip())

    def end(self, how):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=STOP_SECONDS)
        self.listener.join(STOP_SECONDS)
        self.process = None

    def stop(self):
        """As an operator does: connections are ended, what was committed is in its place."""
        self.end(signal.SIGINT)

    def kill(self):
        """As when the machine goes: nothing is put in order."""
        self.end(signal.SIGQUIT)

    def remove(self):
        try:
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    server = PostgresServer(sys.argv[1])
    try:
        server.start()
        print(json.dumps({"port": server.port, "url": server.url, "folder": str(server.data)}), flush=True)
        for line in sys.stdin:
            {"start": server.start, "stop": server.stop, "kill": server.kill}[line.strip()]()
            print("ok", flush=True)
    finally:
        server.remove()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
