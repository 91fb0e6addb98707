"""A game's socket in few lines: RFC 6455 over the standard library, one call at a time."""
import base64
import json
import os
import socket
import struct

from rig import Failed, Server


class Socket:
    def __init__(self, server: Server, player: str, world: str = "", **hello):
        host, port = server.address.split(":")
        self.stream = socket.create_connection((host, int(port)), timeout=60)
        self.file = self.stream.makefile("rb")
        self.stream.sendall((f"GET /ws HTTP/1.1\r\nHost: {server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Protocol: troupe.v1.json\r\n\r\n").encode())
        status = self.file.readline()
        if b"101" not in status:
            raise Failed(f"the socket opens: {status!r}")
        while self.file.readline().strip():
            pass
        self.send_json({"hello": {"player": player, "world": world, **hello}})
        self.welcome = self.receive()["welcome"]
        self.calls = 0

    def send_json(self, frame: dict) -> None:
        self.send(1, json.dumps(frame).encode())

    def send(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        size = bytes([128 | length]) if length < 126 else b"\xfe" + struct.pack(">H", length)
        self.stream.sendall(bytes([128 | opcode]) + size + bytes(4) + payload)  # a mask of zeros is a mask

    def frame(self) -> tuple[int, bytes]:
        head = self.file.read(2)
        if len(head) < 2:
            raise ConnectionError("the socket was closed")
        length = head[1] & 127
        if length == 126:
            length = struct.unpack(">H", self.file.read(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.file.read(8))[0]
        return head[0] & 15, self.file.read(length)

    def receive(self) -> dict:
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                raise ConnectionError(f"closed: {struct.unpack('>H', payload[:2])[0]} {payload[2:].decode()}")

    def call(self, method: str, request: dict) -> dict:
        """The answer's fields, or {"error": ...}; parts that stream are passed over."""
        self.calls += 1
        self.send_json({"request": {"id": self.calls, "method": method, "payload": request}})
        while True:
            response = self.receive().get("response")
            if response and int(response["id"]) == self.calls:
                return {"error": response["error"]} if "error" in response else response["json"]
