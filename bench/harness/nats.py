"""A nats-server of a benchmark's own, from set-up."""
import socket
import subprocess
import time

from harness.place import BenchError, tool

START_S = 20


class NatsServer:
    """`with NatsServer() as nats: nats.url`."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"

    def __enter__(self):
        program = tool("nats-server")
        self.process = subprocess.Popen([program, "-a", "127.0.0.1", "-p", str(self.port)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as one:
                    if one.recv(5) == b"INFO ":
                        return self
            except OSError:
                time.sleep(.02)
        self.__exit__()
        raise BenchError(f"{program} does not start: run 'make bench'")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
