#!/usr/bin/env python3
"""Drives build/troupe from outside: run.py command|stop|browser --troupe BINARY [--shots DIR]."""
import argparse
import atexit
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

CONFIG = "models:\n  only: smollm2-135m,minilm-l6-v2\nlisten: 127.0.0.1:0\nlog:\n  level: warn\n"
READY_SECONDS = 60


class Server:
    """One `troupe up` on a data folder of its own."""

    def __init__(self, troupe: str, folder: pathlib.Path):
        self.troupe, self.folder = troupe, folder
        (folder / "config.yaml").write_text(CONFIG)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.troupe, "up", "--config", str(self.folder / "config.yaml"), "--data", str(self.folder / "data")],
            stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        signal.alarm(READY_SECONDS)
        line = self.process.stdout.readline()
        signal.alarm(0)
        check(line.startswith("ready http://127.0.0.1:"), "up says where it is ready" if line else "up is ready within a minute")
        self.url = line.split()[1]

    def kill(self, how: int) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def run(self, *words: str) -> str:
        done = subprocess.run([self.troupe, *words, "--server", self.url], capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, f"troupe {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def call(self, method: str, request: dict, **headers: str) -> dict:
        service, name = method.split(".")
        return self.post(f"/api/{service}/{name}", request, **headers)

    def post(self, path: str, body: dict, **headers: str) -> dict:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return reply.read()


def check(good: bool, what: str, quiet: bool = False) -> None:
    if not good:
        sys.exit(f"FAILED: {what}")
    if not quiet:
        print(f"ok: {what}", flush=True)


def test_command(troupe: str, folder: pathlib.Path) -> None:
    server = Server(troupe, folder)
    check(json.loads(server.get("/readyz"))["ready"], "/readyz is ready")
    check("/api/npc/Talk" in json.loads(server.get("/openapi.json"))["paths"], "/openapi.json describes npc.Talk")

    said = json.loads(server.run("talk", "marta", "What happened to the keeper?", "--as", "anna", "--json"))
    check(bool(said["text"]), "marta answers")
    check(said["tier"] == "silver" and said["model"] == "smollm2-135m", "with a model's words")
    why = server.call("world.Why", {"event_id": said["event_id"]})
    check("keeper" in json.dumps(why["chain"][0]["decision"]["prompt"]).lower(), "why shows the prompt")
    check(why["chain"][1]["type"] == "DialogueStarted", "and what caused the answer")

    check(b'troupe_rpc_total{code="ok",method="npc.Talk"}' in server.get("/metrics"), "/metrics counts it")

    error = server.call("npc.Talk", {"npc": "marat", "text": "hello"})["error"]
    check(error["message"] == "no NPC 'marat' here; did you mean 'marta'?", "a typing error gets a hint")
    error = server.call("npc.Talk", {"npc": "marta", "text": "x" * 5000})["error"]
    check(error["reason"] == "npc.text_too_long", "a text that is too long is refused")

    chat = server.post("/v1/chat/completions", {"model": "silver", "max_tokens": 8,
                                                "messages": [{"role": "user", "content": "Say hello."}]})
    check(bool(chat["choices"][0]["message"]["content"]), "OpenAI's path answers")
    vectors = server.post("/v1/embeddings", {"model": "minilm-l6-v2", "input": ["a lamp", "a lantern"]})
    check(len(vectors["data"]) == 2 and len(vectors["data"][0]["embedding"]) == 384, "and embeds")

    before = server.call("time.Advance", {"by_ms": 36_000_000})
    check(int(before["now_ms"]) >= 61_200_000, "time goes forward")
    decided = server.call("events.History", {"type": "NpcDecided", "limit": 5})["events"]
    check(len(decided) > 0, "people have decided things meanwhile")
    check("options" in server.run("why", decided[0]["id"]).lower() or decided[0]["payload"]["options"], "and why")

    server.kill(signal.SIGKILL)
    server.start()
    after = server.call("time.Get", {})
    check(int(after["now_ms"]) >= int(before["now_ms"]), "kill -9 does not turn the clock back")
    found = server.call("npc.Recall", {"npc": "marta", "query": "keeper", "listener": "anna"})["memories"]
    check(any("What happened to the keeper?" in memory["text"] for memory in found), "nor makes anybody forget")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")
    replay = subprocess.run([troupe, "world", "replay", "--data", str(folder / "data"), "--json"], capture_output=True,
                            text=True, timeout=120)
    check(replay.returncode == 0 and json.loads(replay.stdout)["same"],
          f"a replay reaches the same state: {replay.stdout.strip()} {replay.stderr.strip()}")


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
            check(bool(more), f"the server says {end!r} before it closes; it said {self.seen!r}", quiet=True)
            self.seen += more

    def ask(self, frame: dict) -> None:
        body = json.dumps(frame).encode()
        check(len(body) < 126, "a short frame", quiet=True)
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


def test_stop(troupe: str, folder: pathlib.Path) -> None:
    server = Server(troupe, folder)
    for _ in range(3):
        clients = clients_in_mid_flight(server.url)
        status = server.kill(signal.SIGTERM)
        check(status == 0, f"SIGTERM ends it cleanly, clients in mid-flight ({status})")
        for client in clients:
            client.socket.close()
        server.start()
        check(server.call("world.Verify", {})["problem"] == "", "the log is intact")


def test_browser(troupe: str, folder: pathlib.Path, shots: str) -> None:
    server = Server(troupe, folder)
    node = os.path.join(os.environ.get("TROUPE_NODE_BIN_DIR", ""), "node")
    done = subprocess.run([node, "tests/browser/console_test.mjs"], timeout=500,
                          env={**os.environ, "TROUPE_URL": server.url, "TROUPE_SHOTS": shots})
    check(done.returncode == 0, "the page works in a browser")
    status = server.kill(signal.SIGTERM)
    check(status == 0, f"SIGTERM ends it cleanly ({status})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["command", "stop", "browser"])
    parser.add_argument("--troupe", required=True)
    parser.add_argument("--shots", default="build/shots")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="troupe-e2e-", ignore_cleanup_errors=True) as folder:
        if options.part == "command":
            test_command(options.troupe, pathlib.Path(folder))
        elif options.part == "stop":
            test_stop(options.troupe, pathlib.Path(folder))
        else:
            test_browser(options.troupe, pathlib.Path(folder), options.shots)


if __name__ == "__main__":
    main()
