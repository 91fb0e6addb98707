"""Twenty players at once for ten minutes, with default weights: right answers by the judge of `talk`, first word, longest wait; against one player alone.

A real `troupe up` of Lanternfall. Each player says the development lines of `talk`, in an order of their own, some seconds apart, to the person
of the line and after what it takes for granted; what is asked again is asked by somebody new. The peer is one player who does the same.
"""
import collections
import random
import statistics
import sys
import threading
import time

from harness import place
from harness.figures import compare, compare_tail
from harness.place import BenchError
from harness.rounds import form
from harness.troupe import Up

sys.path.insert(0, str(place.ROOT / "bench" / "talk"))
import judge  # noqa: E402
from talk.bench import Town  # noqa: E402

WORLD = "lanternfall"
PLAYERS, SECONDS, ALONE_S = 20, 600, 120
SMOKE = (4, 8, 5)
THINKS_S = (1, 5)       # between an answer and the next line
PATIENCE_MS = 20_000    # deadline_ms of each line, as in Town.say
TARGETS = ("troupe",)


class Player(threading.Thread):
    def __init__(self, town, number, until):
        super().__init__(daemon=True)
        self.town, self.number, self.until = town, number, until
        self.drawn = random.Random(number)
        self.said, self.failed = [], []

    def run(self):
        lines = judge.load(WORLD)
        for turn in range(100):
            self.drawn.shuffle(lines)
            for line in lines:
                if time.monotonic() > self.until:
                    return
                try:
                    self.say(line, f"p{self.number}-{turn}-{line.id}")
                except (BenchError, OSError) as problem:
                    self.failed.append(str(problem))
                time.sleep(self.drawn.uniform(*THINKS_S))

    def say(self, line, player):
        for before in line.before:
            self.town.say(line.npc, player, before)
        begin = time.monotonic()
        reply = self.town.say(line.npc, player, line.line)
        whole_ms = 1000 * (time.monotonic() - begin)
        name = judge.person(judge.pack(line.world), line.npc)["name"]
        deeds = [verb["verb"] for verb in reply.get("verbs", []) if verb["verdict"] == "done"]
        faults = judge.faults(line, reply["text"], self.town.now(line.npc), name, deeds)
        self.said.append((not faults, reply.get("way", ""), int(reply.get("first_token_ms", 0)), whole_ms))


def play(town, players, seconds, tell):
    crowd = [Player(town, number, time.monotonic() + seconds) for number in range(players)]
    for player in crowd:
        player.start()
    while any(player.is_alive() for player in crowd):
        tell(f"{players} players: {sum(len(player.said) for player in crowd)} lines")
        time.sleep(1)
    failed = [problem for player in crowd for problem in player.failed]
    if failed:
        raise BenchError(f"{len(failed)} lines had no answer, as: {failed[0]}")
    return [row for player in crowd for row in player.said]


def run(tell):
    players, seconds, alone_s = SMOKE if form.smoke else (PLAYERS, SECONDS, ALONE_S)
    with Up(f"world: {judge.pack(WORLD)}\n") as up:
        town = Town(up)
        town.learns()
        alone = play(town, 1, alone_s, tell)
        crowd = play(town, players, seconds, tell)
    ways = collections.defaultdict(list)
    for right, way, *_ in crowd:
        ways[way].append(right)
    right, right_alone = ([row[0] for row in rows] for rows in (crowd, alone))
    told = {"lines": len(crowd), "by_way": {way: [len(rows), round(statistics.mean(rows), 3)] for way, rows in sorted(ways.items())}}
    peer = "one player alone"
    return [
        {**compare("load.right", "share", "higher", [statistics.mean(right)], [statistics.mean(right_alone)], peer, "ratio >= 0.95"), **told},
        compare_tail("load.first_word.p50", "ms", .5, [[row[2] for row in crowd]], [[row[2] for row in alone]], peer, "ours < 500"),
        compare_tail("load.answer.p99", "ms", .99, [[row[3] for row in crowd]], [[row[3] for row in alone]], peer, f"ours < {PATIENCE_MS}"),
        compare("load.longest", "ms", "lower", [max(row[3] for row in crowd)], [max(row[3] for row in alone)], peer, f"ours < {PATIENCE_MS}"),
    ]
