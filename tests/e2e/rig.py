"""What the end-to-end tests share: one `troupe up` seen from outside, and how a test says that it failed."""
import concurrent.futures
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import select
import subprocess
import time
import urllib.error
import urllib.request

READY_SECONDS = 60
SMALL_MODELS = "smollm2-135m,minilm-l6-v2"


def times(short: int, full: int) -> int:
    """How often a test repeats itself: the full count is for `make soak`."""
    return full if os.environ.get("TROUPE_SOAK") == "1" else short


class Failed(Exception):
    pass


def check(good: bool, what: str) -> None:
    if not good:
        raise Failed(what)
    print(f"ok: {what}", flush=True)


class Place:
    """A folder for one test, and what has to be taken down at its end, in reverse."""

    def __init__(self, troupe: str, folder: pathlib.Path, stack: contextlib.ExitStack, shots: str):
        self.troupe, self.folder, self.stack, self.shots = os.path.abspath(troupe), folder, stack, shots
        self.log = folder / "log.txt"
        self.numbers = itertools.count(1)  # of its servers
        self.log.touch()

    def said(self, since: int = 0) -> str:
        return self.log.read_text(errors="replace")[since:]


class Server:
    """One `troupe up`. `config` maps settings to values; `under` are words to put before the command."""

    def __init__(self, place: Place, config: dict = {}, data: pathlib.Path | None = None, flags=(), under=(),
                 models: str = SMALL_MODELS):
        self.place, self.flags, self.under = place, flags, under
        self.data = data or place.folder / "data"
        self.process = None
        # The smallest model speaks, although it is good for nothing: so that tests hear a model.
        settings = {"listen": "127.0.0.1:0", "log.level": "warn", "models.only": models, **config}
        if models == SMALL_MODELS:
            settings.setdefault("talk.may", f"{SMALL_MODELS.split(',')[0]} first")
        self.config = place.folder / f"config-{next(place.numbers)}.yaml"
        self.config.write_text(as_yaml(settings))
        place.stack.callback(self.end)
        self.start()

    def command(self) -> list[str]:
        return [*self.under, self.place.troupe, "up", "--config", str(self.config), "--data", str(self.data), *self.flags]

    def start(self) -> None:
        with open(self.place.log, "a") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, text=True)
        readable, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        line = self.process.stdout.readline() if readable else ""
        if not line.startswith("ready http://127.0.0.1:"):
            raise Failed(f"up is ready within {READY_SECONDS} s, and says where; it said {line!r}")
        self.url = line.split()[1]
        self.address = self.url.removeprefix("http://")

    def kill(self, how: int) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)

    def wait(self, seconds: float) -> None:
        """Time passes; that the server ends meanwhile is a failure."""
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return
        raise Failed(f"the server ended by itself, status {status}")

    def wait_until(self, what: str, good, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while not good():
            if time.monotonic() > until:
                raise Failed(f"{what} (not within {seconds} s)")
            self.wait(.05)
        print(f"ok: {what}", flush=True)

    def run(self, *words: str) -> str:
        done = subprocess.run([self.place.troupe, *words, "--server", self.url], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failed(f"troupe {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def call(self, method: str, request: dict, **headers: str) -> dict:
        service, name = method.split(".")
        return self.post(f"/api/{service}/{name}", request, **headers)

    def post(self, path: str, body, **headers: str) -> dict:
        bytes_ = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, bytes_, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            return {**json.load(error), "status": error.code, "retry_after": error.headers.get("Retry-After")}

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=30) as reply:
            return reply.read()

    def ready(self) -> dict:
        try:
            return json.loads(self.get("/readyz"))
        except urllib.error.HTTPError as error:
            return json.load(error)


class Line:
    """A connection that is kept open, for callers in threads of their own. A server that goes away is an OSError."""

    def __init__(self, server: Server):
        self.connection = http.client.HTTPConnection(server.address, timeout=30)

    def call(self, method: str, request: dict) -> dict:
        try:
            self.connection.request("POST", "/api/" + method.replace(".", "/"), json.dumps(request),
                                    {"Content-Type": "application/json"})
            reply = self.connection.getresponse()
            return json.loads(reply.read()) | ({} if reply.status == 200 else {"status": reply.status})
        except (http.client.HTTPException, ValueError) as error:  # cut off in the middle
            raise ConnectionError(str(error)) from error


class Writers:
    """Several clients that write until the server goes away, and what of it was acknowledged: documents {id: number} and
    memories. Each has one document of its own that it writes again and again, and makes new ones."""

    def __init__(self, count: int):
        self.count = count
        self.round = 0
        self.documents, self.memories = {}, set()
        self.numbers = itertools.count(1)  # next() on it is atomic

    def start(self, server: Server) -> None:
        self.round += 1
        self.pool = concurrent.futures.ThreadPoolExecutor(self.count)
        self.running = [self.pool.submit(self.write, server, which) for which in range(self.count)]

    def acknowledged(self) -> int:
        return len(self.documents) + len(self.memories)

    def write(self, server: Server, which: int) -> None:
        line = Line(server)
        version = None
        try:
            for step in itertools.count():
                number = next(self.numbers)
                if step % 3 == 0:
                    text = f"remark {number}"
                    reply = line.call("npc.Remember", {"npc": "marta", "memories": [{"text": text, "importance": .9}]})
                    if "ids" in reply:
                        self.memories.add(text)
                    continue
                key = f"w{self.round}-{which}" if step % 3 == 1 else f"n{number}"
                request = {"kind": "note", "id": key, "document": {"number": number}}
                if step % 3 == 1 and version is not None:
                    request["version"] = version
                reply = line.call("state.Put", request)
                if "version" in reply:
                    self.documents[key] = number
                    version = reply["version"] if step % 3 == 1 else version
                if reply.get("status") == 503:
                    return
        except OSError:
            return

    def join(self) -> None:
        for one in self.running:
            one.result(timeout=60)
        self.pool.shutdown()

    def so_far(self) -> tuple[dict, set]:
        return dict(self.documents), set(self.memories)

    def since(self, then: tuple[dict, set]) -> int:
        """How much was acknowledged since so_far() said `then`."""
        documents, memories = then
        return sum(number != documents.get(key) for key, number in self.documents.items()) + len(self.memories - memories)

    def lost(self, server: Server) -> list[str]:
        """What was acknowledged and is not there: older numbers than acknowledged, documents and memories that are gone.
        Newer numbers are no loss: they were durable, and their answer was on its way."""
        line = Line(server)
        gone = [f"{key}: {number}" for key, number in self.documents.items()
                if line.call("state.Get", {"kind": "note", "id": key}).get("document", {}).get("number", 0) < number]
        known = memories_of(server)
        return gone + [text for text in self.memories if text not in known]


def memories_of(server: Server) -> set[str]:
    """What the log says was remembered: people forget, the log does not."""
    texts, after = set(), 0
    while events := server.call("events.History", {"type": "MemoryAdded", "after_sequence": after, "limit": 1000})["events"]:
        texts |= {event["payload"]["text"] for event in events}
        after = events[-1]["sequence"]
    return texts


def as_yaml(settings: dict) -> str:
    """Dotted names as sections: {"log.level": "warn"} -> log: {level: "warn"}."""
    tree: dict = {}
    for name, value in settings.items():
        section = tree
        *path, last = name.split(".")
        for word in path:
            section = section.setdefault(word, {})
        section[last] = value
    return json.dumps(tree)  # JSON is YAML


def cpu_seconds(pid: int, thread: str = "") -> float:
    """Processor time of a process so far, or of its threads of that name."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            name, _, fields = (task / "stat").read_text().partition("(")[2].rpartition(")")
            if not thread or name == thread:
                total += int(fields.split()[11]) + int(fields.split()[12])
    return total / os.sysconf("SC_CLK_TCK")


def footprint(pid: int) -> dict:
    """Resident KiB, threads and open files."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return {"rss": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]),
            "files": len(os.listdir(f"/proc/{pid}/fd"))}
