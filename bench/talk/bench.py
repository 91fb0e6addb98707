"""Right answers of people and ms to their first word, on 953 lines over four worlds, with default weights; llama-server beside it.

A real `troupe up` of each world. Each line is said by a player of its own, after what the line takes for granted, and judged by
judge.py; then the same lines typed carelessly and mistyped. llama-server has the same 1.5B weights and a system prompt with all that
the person may tell a stranger; as it needs seconds for each, it gets every tenth line.
"""
import collections
import http.client
import json
import re
import sys
import time

from harness import place
from harness.figures import compare, compare_tail
from harness.llama import Server
from harness.place import BenchError
from harness.troupe import Up

sys.path.insert(0, str(place.ROOT / "bench" / "talk"))
import judge  # noqa: E402
import variants  # noqa: E402

MODEL = "qwen2.5-coder-1.5b"
TARGETS = ("troupe",)
WAIT_S, LEARNS_S = 120, 180
PEER_EVERY, PEER_CONTEXT, PEER_TOKENS = 10, 4096, 60


class Town:
    def __init__(self, up):
        self.up = up

    def ask(self, method, request, player="bench"):
        line = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=WAIT_S)
        try:
            line.request("POST", "/api/" + method.replace(".", "/"), json.dumps(request),
                         {"Content-Type": "application/json", "X-Troupe-Deadline-Ms": str(1000 * WAIT_S)})
            answer = json.load(line.getresponse())
        finally:
            line.close()
        if "error" in answer:
            raise BenchError(f"{method}: {answer['error']}")
        return answer

    def say(self, npc, player, text):
        return self.ask("npc.Talk", {"npc": npc, "player": player, "text": text, "deadline_ms": 20_000})

    def learns(self):
        """Until lines are understood by meaning: a score by words and one by meaning differ."""
        until = time.monotonic() + LEARNS_S
        while not re.search(r"^troupe_npc_by_meaning\{.*\} 1$", self.up.get("/metrics"), re.M):
            if time.monotonic() > until:
                raise BenchError(f"lines are understood by words after {LEARNS_S} s")
            time.sleep(.5)

    def now(self, npc):
        at = self.ask("npc.Get", {"npc": npc})["place"]
        region = next(p["region"] for p in self.ask("world.Get", {}).get("places", []) if p["id"] == at)
        clock, sky = self.ask("time.Get", {}), self.ask("weather.Get", {"region": region})
        return judge.Now(clock["phase"], clock["season"], sky["state"] if sky["state"] in judge.WEATHER else "clear")


def asked(town, lines, change, tell, what):
    """Of each line: (faults, way, ms to the first word)."""
    out = []
    for number, line in enumerate(lines):
        tell(f"{what}: {number} of {len(lines)}")
        player = f"{what}-{line.id}"
        for before in line.before:
            town.say(line.npc, player, before)
        reply = town.say(line.npc, player, change(line.line))
        name = judge.person(judge.pack(line.world), line.npc)["name"]
        deeds = [verb["verb"] for verb in reply.get("verbs", []) if verb["verdict"] == "done"]
        out.append((judge.faults(line, reply["text"], town.now(line.npc), name, deeds), reply.get("way", ""),
                    int(reply.get("first_token_ms", 0)), reply["text"]))
    return out


def system_prompt(world, npc):
    """What a studio would write for a bare server: who somebody is, and all that they may tell."""
    import yaml  # as in judge.py
    folder = judge.pack(world)
    who = judge.person(folder, npc)
    about = yaml.safe_load((folder / "world.yaml").read_text(encoding="utf-8")).get("text", "")
    facts = {}
    for path in sorted((folder / "facts").glob("*.yaml")) + ([folder / "facts.yaml"] if (folder / "facts.yaml").exists() else []):
        for fact in yaml.safe_load(path.read_text(encoding="utf-8")).get("facts", []):
            facts[fact["id"]] = fact
    known = [known["id"] if isinstance(known, dict) else known for known in who.get("knows", [])]
    told = [fact["text"] for id_, fact in facts.items() if not fact.get("secret") and (id_ in known or fact.get("public"))]
    people = [f"{other['name']}, {other['role']}" for other in (yaml.safe_load(path.read_text(encoding="utf-8"))
                                                               for path in sorted((folder / "npcs").glob("*.yaml")))]
    return (f"{about}\n\nYou are {who['name']}, {who['age']}, {who['role']}. {who['persona']} Voice: {who['voice']}\n"
            f"What you know:\n" + "".join(f"- {text}\n" for text in told) + f"People here: {'; '.join(people)}.\n"
            "Stay in character, whatever is said to you. Answer in one or two short sentences, in the first person. "
            "Say only what you know; if you do not know something, say so. Never mention that you are a program.")


def of_peer(lines, tell):
    out = []
    with Server(place.weights(MODEL), parallel=1, context=PEER_CONTEXT) as server:
        for number, line in enumerate(lines):
            tell(f"llama-server: {number} of {len(lines)}")
            messages = [{"role": "system", "content": system_prompt(line.world, line.npc)}]
            for said in (*line.before, line.line):
                messages.append({"role": "user", "content": said})
                streamed, = server.chat_at_once([{"messages": messages, "max_tokens": PEER_TOKENS, "temperature": 0.4, "seed": 1}])
                messages.append({"role": "assistant", "content": streamed.text})
            name = judge.person(judge.pack(line.world), line.npc)["name"]
            out.append((judge.faults(line, streamed.text, judge.Now("day", "autumn", "fog"), name), "model", streamed.first_ms, streamed.text))
    return out


def share(rows):
    return sum(not faults for faults, *_ in rows) / len(rows)


def run(tell):
    plain, careless, mistyped, peer_lines, by_world = [], [], [], [], {}
    for world in judge.DEV:
        lines = judge.load(world)
        peer_lines += lines[::PEER_EVERY]
        with Up(f"world: {judge.pack(world)}\n") as up:
            town = Town(up)
            town.learns()
            by_world[world] = asked(town, lines, lambda line: line, tell, world)
            plain += by_world[world]
            careless += asked(town, lines, variants.careless, tell, f"{world} careless")
            mistyped += asked(town, lines, variants.mistyped, tell, f"{world} mistyped")
    peer = of_peer(peer_lines, tell)
    ways = collections.defaultdict(list)
    for row in plain:
        ways[row[1]].append(row)
    told = {"by_way": {way: [len(rows), round(share(rows), 3)] for way, rows in sorted(ways.items())},
            "by_world": {world: round(share(rows), 3) for world, rows in by_world.items()}}
    first = [[ms for _, _, ms, _ in plain]]
    theirs = [[ms for _, _, ms, _ in peer]]
    return [
        {**compare("talk.right", "share", "higher", [share(plain)], [share(peer)], "llama-server, a good system prompt", "ours >= 0.9"), **told},
        compare("talk.careless", "share", "higher", [share(careless)], [share(plain)], "the lines as written", "ratio >= 0.9"),
        compare("talk.mistyped", "share", "higher", [share(mistyped)], [share(plain)], "the lines as written", "ratio >= 0.9"),
        compare_tail("talk.first_word.p50", "ms", .5, first, theirs, "llama-server, prompt cache on", "ours < 300"),
        compare_tail("talk.first_word.p90", "ms", .9, first, theirs, "llama-server, prompt cache on", "ours < 1500"),
    ]
