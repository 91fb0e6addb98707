"""A thousand small worlds in one server, 20 of them awake: what each costs and how long one takes to wake, against a process for each world.

Worlds of tests/packs/minimal, without models. The peer is the same binary with one world: its memory, and the time from its start
to its first answer, on a data folder that holds the world already. A sleeping world is woken by a request that names it.
"""
import http.client
import json
import os
import pathlib
import time

from harness.figures import compare
from harness.place import BenchError
from harness.rounds import form
from harness.troupe import Up

WORLDS, AWAKE, WAKES = 1000, 20, 100
SMOKE = (30, 5, 5)
SETTINGS = "world: tests/packs/minimal\nmodels.use: false\n"
TARGETS = ("troupe",)


class Server:
    def __init__(self, up):
        self.port, self.process = up.port, pathlib.Path(f"/proc/{up.process.pid}")

    def ask(self, method, request, world=""):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("POST", "/api/" + method.replace(".", "/"), json.dumps(request),
                         {"Content-Type": "application/json", **({"X-Troupe-World": world} if world else {})})
            reply = json.loads(line.getresponse().read())
        finally:
            line.close()
        if "error" in reply:
            raise BenchError(f"{method}: {reply['error']}")
        return reply

    def memory_kib(self):
        return next(int(line.split()[1]) for line in (self.process / "status").read_text().splitlines() if line.startswith("VmRSS"))

    def files(self):
        return len(os.listdir(self.process / "fd"))


def alone(rounds, tell):
    """A process with one world, several times over the same data: ms to the first answer, memory."""
    began_ms, memory = [], []
    for number in range(rounds):
        tell(f"a process with one world, {number + 1} of {rounds}")
        begin = time.monotonic()
        with Up(SETTINGS) as up:
            server = Server(up)
            server.ask("time.Get", {})
            began_ms.append(1000 * (time.monotonic() - begin))
            memory.append(server.memory_kib())
    return began_ms, memory


def run(tell):
    worlds, awake, wakes = SMOKE if form.smoke else (WORLDS, AWAKE, WAKES)
    began_ms, process_kib = alone(2 if form.smoke else 5, tell)
    with Up(SETTINGS) as up:
        server = Server(up)
        server.ask("time.Get", {})
        one_kib, one_files = server.memory_kib(), server.files()
        created = []
        for number in range(worlds - 1):
            tell(f"world {number + 2} of {worlds}")
            begin = time.monotonic()
            server.ask("worlds.Create", {"name": f"w{number}", "seed": number + 1})
            created.append(1000 * (time.monotonic() - begin))
            if number >= awake - 1:
                server.ask("worlds.Sleep", {"name": f"w{number}"})
            if number == awake - 2:
                all_kib, all_files = server.memory_kib(), server.files()
        listed = [one["state"] for one in server.ask("worlds.List", {})["worlds"]]
        if (len(listed), listed.count("awake")) != (worlds, awake):
            raise BenchError(f"{listed.count('awake')} of {len(listed)} worlds are awake")
        asleep_kib, asleep_files = server.memory_kib(), server.files()
        woke = []
        for number in range(wakes):
            name = f"w{awake - 1 + number * 7 % (worlds - awake)}"
            tell(f"wakes {name}")
            begin = time.monotonic()
            server.ask("time.Get", {}, name)
            woke.append(1000 * (time.monotonic() - begin))
            server.ask("worlds.Sleep", {"name": name})
    each_kib = (all_kib - one_kib) / (awake - 1)
    peer = "a process for each world"
    return [compare("wake", "ms", "lower", woke, began_ms, peer),
            compare("begin", "ms", "lower", created, began_ms, peer),
            compare("memory_awake", "KiB", "lower", [each_kib], process_kib, peer),
            compare("memory_asleep", "KiB", "lower", [max(0.1, (asleep_kib - all_kib) / (worlds - awake))], process_kib, peer),
            compare("files_awake", "", "lower", [(all_files - one_files) / (awake - 1)], one_files, peer),
            compare("files_asleep", "", "lower", [max(0.001, (asleep_files - all_files) / (worlds - awake))], one_files, peer)]
