"""The door in processes of its own: two gateways and the worlds, which meet on NATS, with PostgreSQL under them. They play as one
process does; any of them is killed in the middle of a talk, and nothing that was acknowledged is lost."""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import test_worlds
from fleet import Fleet
from rig import Failed, Line, Place, check
from socket_client import Socket

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from postgres_server import PostgresServer  # noqa: E402

BACK_SECONDS = 5


def check_refusals(place: Place) -> None:
    for flags, said in ((["--role", "gateway"], "--bus nats://"), (["--role", "world"], "world,mind,shared"),
                        (["--role", "gatway"], "did you mean 'gateway'?")):
        done = subprocess.run([place.troupe, "up", "--no-models", *flags], capture_output=True, text=True, timeout=60)
        check(done.returncode != 0 and said in done.stderr and done.stderr.strip().count("\n") == 0,
              f"{' '.join(flags)} is refused in a line: {done.stderr.strip()}")


def check_doors(fleet: Fleet) -> None:
    door, other = fleet.gateways
    reply = door.call("npc.Talk", {"npc": "marta", "player": "anna", "text": "I'm Anna, a cooper from Holm."})
    check("text" in reply, f"marta answers through a gateway: {reply}")
    reply = other.call("npc.Talk", {"npc": "marta", "player": "anna", "text": "What is my name?"})
    check("Anna" in reply["text"], f"and knows her through another: {reply['text']}")
    check(fleet.world.call("time.Get", {}).get("status") == 404, "the process of the worlds is no door")
    check(b"troupe_rpc" in fleet.world.get("/metrics"), "it tells how it is")
    door.wait_until("a gateway has heard of the other process", lambda: "running" in door.get("/readyz").decode())
    states = {one["name"]: (one["process"], one["state"]) for one in door.ready()["services"]["list"]}
    check(states["npc"] == ("world+mind+shared", "running") and states["story"] == ("", "not_built"),
          f"/readyz of a gateway says what runs where: {states['npc']}")
    check("11 of 21" in door.run("status"), "so does `troupe status`")
    check(door.get("/v1/models") == other.get("/v1/models"), "/v1 is there, too")
    check(b"<title>" in door.get("/"), "and the page")


def check_resume(fleet: Fleet) -> None:
    """A client resumes anywhere, from its cursor."""
    door, other = fleet.gateways
    first = Socket(door, "anna")
    cursor = first.welcome["cursor"]
    first.stream.close()
    done = [door.call("npc.Talk", {"npc": "nell", "player": "anna", "text": text})["event_id"] for text in ("Hi!", "Bye!")]
    again = Socket(other, "anna", cursor=cursor, line="main", subscribe={"id": 1, "types": ["DialogueEnded"]})
    check(again.welcome["resumed"], "a socket resumes at another gateway")
    heard = []
    while len(heard) < len(done):
        frame = again.receive()
        if "event" in frame:
            heard.append(f"lanternfall-{frame['event']['envelope']['sequence']}")
    check(heard == done, f"and hears what it has missed, in order: {heard}")
    live = door.call("npc.Talk", {"npc": "nell", "player": "anna", "text": "Good evening."})["event_id"]
    check(f"lanternfall-{again.receive()['event']['envelope']['sequence']}" == live, "and then what happens now")
    again.stream.close()


class Talkers:
    """People who talk without end; what was acknowledged to them is counted."""

    def __init__(self, server, count: int = 4):
        self.acknowledged, self.refused, self.over = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.talk, args=(server, number)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def talk(self, server, number: int) -> None:
        line = None
        while not self.over.is_set():
            try:
                line = line or Line(server)
                reply = line.call("npc.Talk", {"npc": "marta", "player": f"player{number}", "text": "What do you sell?"})
            except OSError:
                reply, line = {}, None
            (self.acknowledged if "event_id" in reply else self.refused).append(reply)
            self.over.wait(.02)

    def end(self) -> list[str]:
        self.over.set()
        for thread in self.threads:
            thread.join()
        return [reply["event_id"] for reply in self.acknowledged]


def answers(server) -> bool:
    try:
        return "text" in server.call("npc.Talk", {"npc": "marta", "player": "anna", "text": "Good morning!"})
    except OSError:
        return False


def check_kill(fleet: Fleet, killed, through, what: str) -> None:
    talkers = Talkers(through)
    through.wait_until("people talk", lambda: len(talkers.acknowledged) > 20)
    killed.kill(signal.SIGKILL)
    if killed is not through:
        begun = time.monotonic()
        reply = through.call("npc.Talk", {"npc": "marta", "player": "anna", "text": "Are you there?"})
        took = time.monotonic() - begun
        check(reply.get("status") == 503 and took < 2, f"{what} is killed; who asks is told within {1000 * took:.0f} ms: {reply['error']}")
        through.wait_until("the gateway says that it is not ready", lambda: not through.ready()["ready"])
    killed.start()
    through.wait_until(f"started again, {what} answers within {BACK_SECONDS} s", lambda: answers(through), BACK_SECONDS)
    said = talkers.end()
    door = fleet.gateways[-1]
    for event in said:
        sequence = int(event.rsplit("-", 1)[1])
        kept = door.call("events.History", {"after_sequence": sequence - 1, "limit": 1})["events"]
        if not kept or kept[0]["id"] != event or kept[0]["type"] != "DialogueEnded":
            raise Failed(f"{event} was acknowledged and is not in the log: {kept}")
    check(len(said) > 10, f"all {len(said)} talks that were acknowledged are in the log")
    check(door.call("world.Verify", {})["problem"] == "", "which is intact")


def test(place: Place) -> None:
    check_refusals(place)
    test_worlds.test(place, Fleet)
    database = PostgresServer(os.environ["TROUPE_POSTGRES_DIR"])
    place.stack.callback(database.remove)
    database.start()
    (place.folder / "postgres").mkdir()
    inside = Place(place.troupe, place.folder / "postgres", place.stack, place.shots)
    fleet = Fleet(inside, flags=["--no-models"], gateways=2, config={"db": database.url})
    check_doors(fleet)
    check_resume(fleet)
    check_kill(fleet, fleet.gateways[0], fleet.gateways[0], "a gateway")
    check_kill(fleet, fleet.world, fleet.gateways[0], "the process of the worlds")
    check(fleet.kill(signal.SIGTERM) == 0, "SIGTERM ends all of them cleanly")
