"""kill -9 at random moments, again and again, under load: everything acknowledged is there after each restart."""
import os
import random
import signal
import threading

from rig import Line, Place, Server, Writers, check, memories_of, times

KILLS = times(10, 200)


class Talkers:
    """Two players who talk and a hand that moves the clock, until the server is gone."""

    def __init__(self):
        self.said = {}  # (npc, player) -> lines that were answered, in order
        self.now_ms = 0

    def start(self, server: Server, round_: int) -> None:
        jobs = [(self.talk, server, "marta", "anna", round_), (self.talk, server, "tobin", "bob", round_), (self.advance, server)]
        self.threads = [threading.Thread(target=job[0], args=job[1:]) for job in jobs]
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)

    def talk(self, server: Server, npc: str, player: str, round_: int) -> None:
        line, count = Line(server), 0
        try:
            while True:
                text = f"This is remark {round_}-{count}."
                reply = line.call("npc.Talk", {"npc": npc, "player": player, "text": text})
                count += 1
                if "text" in reply:
                    self.said.setdefault((npc, player), []).append((text, reply["text"]))
        except OSError:
            return

    def advance(self, server: Server) -> None:
        line = Line(server)
        try:
            while True:
                reply = line.call("time.Advance", {"by_ms": 600_000})
                self.now_ms = max(self.now_ms, int(reply.get("now_ms", 0)))
        except OSError:
            return


def check_after(server: Server, writers: Writers, talkers: Talkers, round_: int) -> None:
    lost = writers.lost(server)
    check(not lost, f"kill {round_}: all {writers.acknowledged()} acknowledged writes are there (lost: {lost[:5]})")
    now = int(server.call("time.Get", {})["now_ms"])
    check(now >= talkers.now_ms, f"the clock is not behind what was acknowledged ({now} >= {talkers.now_ms})")
    memories = "\n".join(memories_of(server))
    for (npc, player), lines in talkers.said.items():
        mind = server.call("npc.Mind", {"npc": npc})
        heard = [line["text"] for talk in mind["conversations"] if talk["with"] == player for line in talk["lines"]]
        expected = [text for pair in lines for text in pair][-10:]
        check(all(text in heard for text in expected), f"{npc} has the last of {len(lines)} exchanges with {player}")
        check(all(text in memories for text, _ in lines), "and remembers each")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")


def snapshot(server: Server) -> dict:
    """What a restart alone must not change."""
    people = {npc["id"]: {key: npc[key] for key in ("place", "activity", "intent", "mood")} for npc in server.call("npc.List", {})["npcs"]}
    return {"people": people, "weather": {r["region"]: {key: r[key] for key in ("state", "intensity", "temperature_c", "wind_kmh")}
                                          for r in server.call("weather.List", {})["regions"]}}


def test(place: Place) -> None:
    seed = int(os.environ.get("TROUPE_TEST_SEED", random.SystemRandom().randrange(1_000_000)))
    print(f"seed {seed} (TROUPE_TEST_SEED repeats it)", flush=True)
    draw = random.Random(seed)
    server = Server(place, flags=["--no-models"])
    writers, talkers = Writers(3), Talkers()
    for round_ in range(1, KILLS + 1):
        writers.start(server)
        talkers.start(server, round_)
        server.wait(draw.uniform(.05, 1.5))
        server.kill(signal.SIGKILL)
        writers.join()
        talkers.join()
        server.start()
        check_after(server, writers, talkers, round_)

    # With time standing still, nothing but the kill happens in between.
    server.call("time.Pause", {})
    before = snapshot(server)
    server.kill(signal.SIGKILL)
    server.start()
    check(snapshot(server) == before, "people and weather are as they were")
    check(server.call("time.Get", {})["paused"], "and time still stands")
