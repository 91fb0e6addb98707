"""A world whose calls and events travel over NATS: another program on NATS hears what happens, and asks by subject where its calls
are signed. NATS is killed and comes back: errors at once, then the talk goes on."""
import signal
import subprocess
import time

from nats_rig import Nats, Outsider, field, fields
from rig import Place, Server, check
from socket_client import Socket

PLAYER, GAME_SERVER, ADMIN = 1, 3, 5
TALK = {"npc": "marta", "text": "Good morning!", "player": "anna"}
ROUNDS = 2


def reason(answer: tuple[dict, bytes]) -> str:
    headers, body = answer
    return fields(body)[2].decode() if headers.get("Troupe-Proof", "").startswith("error.") else ""


def test(place: Place) -> None:
    nats = Nats(place)
    server = Server(place, {"bus": f"nats://{nats.address}"}, flags=["--no-models"])
    key = (server.data / "cluster.key").read_text().strip()
    check((server.data / "cluster.key").stat().st_mode & 0o077 == 0, "the key of the cluster is its owner's alone")
    check(server.ready()["dependencies"]["bus"]["status"] == "ok", "/readyz names the bus")
    check(key not in server.get("/readyz").decode() + place.said(), "and its key stands nowhere")

    outside = Outsider(nats)
    outside.subscribe("evt.lanternfall.>")
    begun = time.monotonic()
    reply = server.call("npc.Talk", TALK)
    check(bool(reply.get("text")), f"marta answers over HTTP within {1000 * (time.monotonic() - begun):.0f} ms: {reply}")
    for event in ("DialogueStarted", "DialogueEnded"):
        subject, headers, body = outside.until(lambda at, *_: at == f"evt.lanternfall.npc.{event}", f"another program hears {event}")
        check(fields(body)[3].decode() == event and fields(body)[2] > 0 and headers["Troupe-Proof"].startswith("event."),
              f"another program on NATS hears {subject}, a signed Envelope with its sequence")

    check_calls(nats, key)
    check_second_server(place, nats)
    socket = Socket(server, "anna")
    socket.send_json({"subscribe": {"id": 1, "types": ["DialogueEnded"]}})
    socket.receive()
    for _ in range(ROUNDS):
        check_outage(nats, server, socket)
    metrics = server.get("/metrics").decode()
    check(f"troupe_bus_lost_total {ROUNDS}" in metrics and "troupe_bus_up 1" in metrics, "/metrics counts it")
    check(server.kill(signal.SIGTERM) == 0, "SIGTERM ends it cleanly")


def check_calls(nats: Nats, key: str) -> None:
    ours = Outsider(nats, key)
    headers, body = ours.ask("svc.lanternfall.time.Get")
    check(headers["Troupe-Proof"].startswith("answer.") and len(body) > 0, "who has the key asks an RPC by its subject")
    _, body = ours.ask("svc.lanternfall.npc.Talk", field(1, b"marta") + field(2, b"What do you sell?"))
    check(len(fields(body)[1]) > 0, f"and talks: {fields(body)[1].decode()}")
    check(reason(ours.ask("svc.lanternfall.time.Pause", role=PLAYER)) == "rpc.role", "with the rights of the role in its header")
    check(reason(ours.ask("svc.lanternfall.time.Get", life_s=-60)) == "bus.unsigned", "a proof that has expired is refused")
    check(ours.ask("svc.lanternfall.nobody.Home")[0]["status"].startswith("503"), "what nobody serves is NATS's own answer")
    for stranger, who in ((Outsider(nats), "a stranger"), (Outsider(nats, "f" * 64), "one with another key")):
        check(reason(stranger.ask("svc.lanternfall.time.Pause", role=ADMIN)) == "bus.unsigned", f"{who} may do nothing")
        stranger.close()
    ours.close()


def check_second_server(place: Place, nats: Nats) -> None:
    done = subprocess.run([place.troupe, "up", "--no-models", "--listen", "127.0.0.1:0", "--data", str(place.folder / "other"), "--bus",
                           f"nats://anna:s3cret@{nats.address}"], capture_output=True, text=True, timeout=60)
    check(done.returncode == 1 and "serves" in done.stderr and "s3cret" not in done.stdout + done.stderr,
          f"a second server on one NATS is refused: {done.stderr.strip().splitlines()[-1]}")
    done = subprocess.run([place.troupe, "up", "--bus", "nats://anna:s3cret@:x"], capture_output=True, text=True, timeout=60)
    check(done.returncode == 2 and "s3cret" not in done.stdout + done.stderr, f"a bad URL is not repeated: {done.stderr.strip()}")


def check_outage(nats: Nats, server: Server, socket: Socket) -> None:
    nats.kill()
    server.wait_until("/readyz says that the bus is away",
                      lambda: server.ready()["dependencies"]["bus"].get("reason") == "bus.away" and not server.ready()["ready"])
    begun = time.monotonic()
    reply = server.call("npc.Talk", TALK)
    took = time.monotonic() - begun
    check(reply["status"] == 503 and reply["error"]["reason"] == "bus.away" and reply["retry_after"] and took < 2,
          f"who asks meanwhile is told at once ({1000 * took:.0f} ms): {reply['error']['message']}")
    server.wait(1)  # the world lives on without
    nats.start()
    server.wait_until("it is there again by itself", lambda: server.ready()["ready"])
    outside = Outsider(nats)
    outside.subscribe("evt.lanternfall.npc.DialogueEnded")
    reply = server.call("npc.Talk", TALK)
    check(bool(reply.get("text")), f"the talk goes on: {reply.get('text')}")
    outside.until(lambda at, *_: True, "and is heard outside")
    outside.close()
    event = socket.receive()["event"]["envelope"]
    check(event["type"] == "DialogueEnded", "and by a game's socket that was open all the time")
