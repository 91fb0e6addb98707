"""First word of an answer by 1.5B weights to a player who stood before somebody for 2 s, against the same without anticipation and llama-server.

A real `troupe up` with its world. Each round another person is spoken to by a player whom nobody knows, with a line of 12 words, once
by somebody who was seen looking at them for 2 s, and once on a server that does not read ahead. llama-server gets the
prompt of that line word for word, its cache on, and has read the prompts of the rounds before. All is seen by a client over HTTP.
"""
import http.client
import json
import time

from harness import place
from harness.figures import compare, compare_tail
from harness.llama import Server
from harness.place import BenchError, setup
from harness.rounds import interleave
from harness.troupe import Up

MODEL = "qwen2.5-coder-1.5b"
CONTEXT, NEW_TOKENS = 2048, 16
STANDS_S, LOOKS_EVERY_S, QUIET_LOOKS = 2, 0.1, 10
ROUNDS, TRIES, STRIDE = 15, 5, 7  # to another person, with another line
WAIT_S = 120
LINES = ("Good day to you, have you seen the old keeper since yesterday?",
         "Forgive me, but do you know who buys fish here this late?",
         "Tell me, what is it that everybody in this town whispers about?",
         "I am new here, where can a stranger sleep and eat tonight?",
         "What would you do if the lamp on the pier stayed dark?",
         "Is it true that the fog took two boats this very week?")
TARGETS = ("troupe",)


class Town:
    """One server; its people in a fixed order."""

    def __init__(self, up):
        self.port = up.port
        self.people = self.ask("npc.List", {})["npcs"]

    def ask(self, method, request):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        line.request("POST", "/api/" + method.replace(".", "/"), json.dumps(request), {"Content-Type": "application/json"})
        answer = json.load(line.getresponse())
        line.close()
        if "error" in answer:
            raise BenchError(f"{method}: {answer['error']}")
        return answer

    def wait_until_idle(self):
        """Whatever the last answer was worth reading ahead for has been read, and disturbs nobody who is measured now."""
        until, quiet = time.monotonic() + WAIT_S, 0
        while quiet < QUIET_LOOKS:
            thinking = [t for t in self.ask("router.Status", {}).get("thoughts", []) if t.get("state") != "ended"]
            quiet = 0 if thinking else quiet + 1
            if time.monotonic() > until:
                raise BenchError(f"still thinking after {WAIT_S} s: {thinking}")
            time.sleep(LOOKS_EVERY_S)

    def stand_before(self, npc, player):
        """The player is where the person is and looks at them, as a game says it ten times a second."""
        until = time.monotonic() + STANDS_S
        while time.monotonic() < until:
            at = self.ask("npc.Get", {"npc": npc})
            self.ask("npc.Input", {"x": at["x"], "y": at["y"], "looked_at": npc, "player": player})
            time.sleep(LOOKS_EVERY_S)

    def speak(self, npc, player, text):
        """ms until the first word; the decision as the server keeps it."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        line.connect()
        began, first, said = time.monotonic(), None, ""
        line.request("POST", "/api/npc/Talk", json.dumps({"npc": npc, "player": player, "text": text, "deadline_ms": 1000 * WAIT_S}),
                     {"Content-Type": "application/json", "Accept": "text/event-stream", "X-Troupe-Deadline-Ms": str(1000 * WAIT_S)})
        for raw in line.getresponse():
            if first is None and raw.startswith(b"data:") and b'"text"' in raw:
                first = 1000 * (time.monotonic() - began)
            said += raw.decode(errors="replace")
        line.close()
        if first is None:
            raise BenchError(f"nothing was said: {said[-200:]}")
        return first

    def spoken(self, npc):
        decision = self.ask("npc.Mind", {"npc": npc})["decisions"][0]
        return self.ask("npc.GetDecision", {"id": decision["id"]})


def ask_server(server, messages):
    body = {"messages": [{"role": message["role"], "content": message["text"]} for message in messages], "max_tokens": NEW_TOKENS,
            "temperature": 0.4, "seed": 1}
    streamed, = server.chat_at_once([body])
    return streamed.first_ms


def run(tell):
    settings = f"models.only: {MODEL},minilm-l6-v2\nmodels.dir: {setup()['models_dir']}\ntalk.may: {MODEL} first\n"
    with Up(settings) as ahead, Up(settings + "engine.read_ahead: false\n") as later, Server(place.weights(MODEL), parallel=1, context=CONTEXT) as server:
        towns = {"ours": Town(ahead), "without": Town(later)}

        def wait_until_idle():
            for town in towns.values():
                town.wait_until_idle()

        refused = {"ours": 0, "without": 0}

        def talk(side, number):
            """Where the guard held back what the model said, a written line came: that is counted, and somebody else is asked."""
            for again in range(TRIES):
                found = try_talk(side, number + again * STRIDE, f"stranger-{number}-{again}")
                if found:
                    return found
                refused[side] += 1
            raise BenchError(f"the model's answers were held back {TRIES} times in a row")

        def try_talk(side, number, player):
            town, npc = towns[side], towns[side].people[number % len(towns[side].people)]["id"]
            wait_until_idle()
            if side == "ours":
                town.stand_before(npc, player)
            first = town.speak(npc, player, LINES[number % len(LINES)])
            decision = town.spoken(npc)
            if decision["tier"] != "silver":
                return None
            return {"first": first, "left": int(decision["prompt_tokens"]) - int(decision["cached_tokens"]),
                    "prompt": int(decision["prompt_tokens"])}

        def peer(number):
            wait_until_idle()
            npc = towns["without"].people[number % len(towns["without"].people)]["id"]
            prompt = towns["without"].ask("npc.Prompt", {"npc": npc, "player": f"reader-{number}", "text": LINES[number % len(LINES)]})
            return {"first": ask_server(server, prompt["messages"])}

        found = interleave({"ours": lambda n: talk("ours", n), "without": lambda n: talk("without", n), "llama-server": peer}, rounds=ROUNDS, tell=tell)
    mine = found["ours"]
    read = {"prompt_tokens": mine["prompt"], "left_to_read": mine["left"], "left_without": found["without"]["left"], "held_back": refused}
    return [
        {**compare("first_word.without", "ms", "lower", mine["first"], found["without"]["first"], "without anticipation", "ratio >= 4"), **read},
        compare("first_word.p50", "ms", "lower", mine["first"], found["llama-server"]["first"], "llama-server, prompt cache on", "ours < 300"),
        compare_tail("first_word.p90", "ms", .9, [mine["first"]], [found["llama-server"]["first"]], "llama-server, prompt cache on"),
    ]
