"""A nats-server of a test's own, and a client of another program in few lines: NATS's text protocol over the standard library, and
calls signed as docs/guide/bus.md says."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from rig import Failed, Place

HEAD = b"NATS/1.0\r\n"


class Nats:
    """One nats-server on a port of its own, which it keeps over kill() and start()."""

    def __init__(self, place: Place, more: str = ""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.config = place.folder / "nats.conf"
        self.config.write_text(f'listen: "{self.address}"\n{more}\n')
        self.log = place.folder / "nats.log"
        self.process = None
        place.stack.callback(self.kill)
        self.start()

    def start(self) -> None:
        program = os.environ.get("TROUPE_NATS_SERVER") or json.loads(pathlib.Path("build/setup.json").read_text())["nats_server"]
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([program, "-c", str(self.config)], stdout=log, stderr=log)
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as one:
                    if one.recv(5) == b"INFO ":
                        return
            except OSError:
                pass
        raise Failed(f"nats-server starts on {self.address}; it said {self.log.read_text()[-500:]!r}")

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=30)


class Outsider:
    """A program that is no Troupe. With a key it signs as one of the cluster."""

    def __init__(self, nats: Nats, key: str = ""):
        self.key = key.encode()
        self.socket = socket.create_connection(("127.0.0.1", nats.port), timeout=30)
        self.file = self.socket.makefile("rb")
        self.file.readline()  # INFO
        self.send('CONNECT {"verbose":false,"pedantic":true,"headers":true,"no_responders":true,"echo":true}\r\nPING\r\n')
        while self.file.readline() != b"PONG\r\n":
            pass
        self.subscriptions = 0

    def send(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def subscribe(self, pattern: str) -> None:
        self.subscriptions += 1
        self.send(f"SUB {pattern} {self.subscriptions}\r\nPING\r\n")
        while self.file.readline() != b"PONG\r\n":
            pass

    def next(self, seconds: float = 30) -> tuple[str, dict, bytes]:
        """Subject, headers and body of the next message; (), {} and b"" when none comes in time."""
        self.socket.settimeout(seconds)
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("NATS closed the connection")
            words = line.split()
            if words[0] == b"PING":
                self.send("PONG\r\n")
            if words[0] == b"MSG":
                return words[1].decode(), {}, self.file.read(int(words[-1]) + 2)[:-2]
            if words[0] == b"HMSG":
                head, whole = int(words[-2]), self.file.read(int(words[-1]) + 2)[:-2]
                lines = whole[:head].decode().split("\r\n")
                headers = dict(line.split(": ", 1) if ": " in line else line.split(":", 1) for line in lines[1:] if line)
                headers["status"] = lines[0].removeprefix("NATS/1.0").strip()
                return words[1].decode(), headers, whole[head:]

    def until(self, good, what: str, seconds: float = 60) -> tuple[str, dict, bytes]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self.next(end - time.monotonic() + .1)
            except TimeoutError:
                break
            if good(*message):
                return message
        raise Failed(f"{what} (not within {seconds} s)")

    def proof(self, kind: str, subject: str, header: bytes, body: bytes, within_us: int, nonce: str, life_s: float) -> str:
        expires = int(1000 * (time.time() + life_s))
        lines = ["troupe-bus-1", kind, str(expires), nonce, str(within_us), subject, hashlib.sha256(header).hexdigest(),
                 hashlib.sha256(body).hexdigest()]
        return f"{kind}.{expires}.{nonce}.{within_us}.{hmac.new(self.key, chr(10).join(lines).encode(), 'sha256').hexdigest()}"

    def ask(self, subject: str, request: bytes = b"", role: int = 1, caller: str = "anna", life_s: float = 10) -> tuple[dict, bytes]:
        """Headers and body of the answer."""
        nonce = os.urandom(16).hex()
        inbox = f"_INBOX.outside.{nonce}"
        self.subscribe(inbox)
        header = field(1, caller.encode()) + varint_field(2, role)
        headers = HEAD
        if self.key:
            headers += b"Troupe-Call: " + base64.b64encode(header) + b"\r\n"
            headers += f"Troupe-Proof: {self.proof('call', subject, header, request, 5_000_000, nonce, life_s)}\r\n".encode()
        headers += b"\r\n"
        self.send(f"HPUB {subject} {inbox} {len(headers)} {len(headers) + len(request)}\r\n".encode() + headers + request + b"\r\n")
        _, headers, body = self.until(lambda at, *_: at == inbox, f"{subject} is answered")
        return headers, body

    def close(self) -> None:
        self.socket.close()


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def fields(message: bytes) -> dict:
    """Protobuf's fields by number; of one that repeats, the last."""
    out, at = {}, 0

    def read() -> int:
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = read()
        if tag & 7 == 0:
            out[tag >> 3] = read()
            continue
        size = {1: 8, 5: 4}.get(tag & 7) or read()
        out[tag >> 3] = message[at:at + size]
        at += size
    return out
