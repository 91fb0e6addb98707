"""SIGTERM ends it cleanly, whatever clients are in the middle of."""
import json
import signal
import socket

from rig import Failed, Place, Server, check


class Raw:
    """A client that says what it likes and can leave without a word."""

    def __init__(self, url: str, text: str):
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.socket.sendall(text.replace("\n", "\r\n").replace("HOST", f"{host}:{port}").encode())
        self.seen = b""

    def until(self, end: bytes) -> None:
        while end not in self.seen:
            more = self.socket.recv(4096)
            if not more:
                raise Failed(f"the server says {end!r} before it closes; it said {self.seen!r}")
            self.seen += more

    def ask(self, frame: dict) -> None:
        body = json.dumps(frame).encode()
        assert len(body) < 126
        self.socket.sendall(bytes([0x81, 0x80 | len(body), 0, 0, 0, 0]) + body)


TALK = json.dumps({"npc": "marta", "text": "Tell me all that you know about the keeper and the sea."})
TALKS = (f"POST /api/npc/Talk HTTP/1.1\nHost: HOST\nContent-Type: application/json\nAccept: %s\n"
         f"Content-Length: {len(TALK)}\n\n{TALK}")
UPGRADE = ("GET /ws HTTP/1.1\nHost: HOST\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Protocol: troupe.v1.json\n\n")


def clients_in_mid_flight(url: str) -> list:
    streamed = Raw(url, TALKS % "text/event-stream")
    streamed.until(b"event: delta")
    socket_client = Raw(url, UPGRADE)
    socket_client.until(b"\r\n\r\n")
    socket_client.ask({"hello": {"player": "anna", "cursor": 0, "subscribe": {"id": 1}}})
    socket_client.until(b"welcome")
    socket_client.ask({"request": {"id": 2, "method": "npc.Talk", "json": {"npc": "nell", "text": "Hello?"}}})
    gone = Raw(url, TALKS % "text/event-stream")
    gone.until(b"event: delta")
    gone.socket.close()
    return [streamed, socket_client, Raw(url, TALKS % "application/json"), Raw(url, TALKS[:40]), Raw(url, "")]


def test(place: Place) -> None:
    server = Server(place)
    for _ in range(3):
        clients = clients_in_mid_flight(server.url)
        status = server.kill(signal.SIGTERM)
        check(status == 0, f"SIGTERM ends it cleanly, clients in mid-flight ({status})")
        for client in clients:
            client.socket.close()
        server.start()
        check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
