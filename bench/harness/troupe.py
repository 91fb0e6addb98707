"""A real `troupe up` on a folder of its own, as players and other programs meet it."""
import base64
import http.client
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import tempfile
import time

from harness import place
from harness.place import BenchError

START_S, STOP_S, ANSWER_S = 60, 20, 60


class Up:
    """`settings`: lines of a configuration file, as YAML."""

    def __init__(self, settings):
        place.OUT.mkdir(parents=True, exist_ok=True)
        self.folder = tempfile.TemporaryDirectory(prefix="troupe-bench-")
        config = os.path.join(self.folder.name, "config.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("listen: 127.0.0.1:0\nlog.level: warn\n" + settings)
        self.log = open(place.OUT / "troupe.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [str(place.ROOT / "build" / "troupe"), "up", "--config", config, "--data", os.path.join(self.folder.name, "data")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, cwd=place.ROOT)
        self.port = 0

    def __enter__(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            line = self.process.stdout.readline().decode() if selector.select(START_S) else ""
        if not line.startswith("ready http://127.0.0.1:"):
            self.__exit__()
            raise BenchError(f"troupe up is not ready within {START_S} s; see {self.log.name}")
        self.port = int(line.split()[1].rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.folder.cleanup()

    def get(self, path):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        try:
            line.request("GET", path)
            return line.getresponse().read().decode()
        finally:
            line.close()


class Socket:
    """A game's socket (RFC 6455, JSON), one call at a time."""

    def __init__(self, port, player):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.stream.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall((f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Protocol: troupe.v1.json\r\n\r\n").encode())
        if b"101" not in self.file.readline():
            raise BenchError("the server opens no socket")
        while self.file.readline().strip():
            pass
        self.send({"hello": {"player": player}})
        self.receive()
        self.calls = 0

    def send(self, frame):
        payload = json.dumps(frame).encode()
        size = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        self.stream.sendall(b"\x81" + size + bytes(4) + payload)  # a mask of zeros is a mask

    def receive(self):
        head = self.file.read(2)
        if len(head) < 2:
            raise BenchError("the server closed the socket")
        length = head[1] & 127
        if length >= 126:
            wide = self.file.read(2 if length == 126 else 8)
            length = int.from_bytes(wide, "big")
        payload = self.file.read(length)
        return json.loads(payload) if head[0] & 15 == 1 else {}

    def call(self, method, request):
        """ms from the call to its answer."""
        self.calls += 1
        began = time.monotonic()
        self.send({"request": {"id": self.calls, "method": method, "payload": request}})
        while True:
            response = self.receive().get("response")
            if response and int(response["id"]) == self.calls:
                if "error" in response:
                    raise BenchError(f"{method}: {response['error']}")
                return 1000 * (time.monotonic() - began)

    def close(self):
        self.file.close()
        self.stream.close()
