"""Weights that are missing, damaged or too large: the world starts all the same, on reflex and written lines; /readyz and one
line in the log say which and what to do; whoever is spoken to answers in time."""
import contextlib
import hashlib
import os
import pathlib
import random
import shutil
import time

from rig import Failed, Place, Server, check

MODEL = "smollm2-135m"
FILE = "smollm2-135m-instruct-q4_1.gguf"
# Of its header: counts, names and numbers, vocabulary, more of them, list of tensors; and the weights themselves.
REGIONS = [(8, 24), (24, 1062), (1062, 1_768_872), (1_768_872, 1_769_507), (1_769_507, 1_785_664), (1_785_664, 98_000_000)]
TRIES = int(os.environ.get("TROUPE_TEST_TRIES", 20))


def check_lives_on(place: Place, server: Server, since: int, what: str, says: str) -> None:
    ready = server.ready()
    models = ready["dependencies"]["models"]
    check(ready["ready"] and models["status"] == "degraded" and MODEL in models["message"] and says in models["message"],
          f"{what}: /readyz says which and why: {models['message']}")
    lines = [line for line in place.said(since).splitlines() if " models " in line]
    check(len(lines) == 1 and MODEL in lines[0] and ("troupe models pull" in lines[0] or "make setup" in lines[0] or "smaller" in lines[0]),
          f"{what}: one line in the log says what to do: {lines}")
    started = time.monotonic()
    reply = server.call("npc.Talk", {"npc": "marta", "text": "Good morning!", "player": "anna", "deadline_ms": 2000})
    took = time.monotonic() - started
    check(bool(reply.get("text")) and reply["tier"] == "reflex" and reply["deadline_met"] and took < 2,
          f"{what}: marta answers after {1000 * took:.0f} ms: {reply.get('text')}")
    chosen = server.call("ai.Choose", {"who": "You are Marta.", "situation": "It rains.", "options": ["go home", "stay out"],
                                       "deadline_ms": 500})
    check(chosen.get("choice") in ("go home", "stay out"), f"{what}: and decides ({chosen.get('tier')})")


def start(place: Place, what: str, says: str, models_dir: pathlib.Path, **config) -> None:
    since = len(place.said())
    server = Server(place, {"models.dir": str(models_dir), **config}, models=MODEL)
    check_lives_on(place, server, since, what, says)
    server.end()


def test(place: Place) -> None:
    source = pathlib.Path(os.environ["TROUPE_MODELS_DIR"]) / MODEL / FILE
    folder = place.folder / "models"
    weights = folder / MODEL / FILE
    start(place, "nothing there", "troupe models pull", folder)

    weights.parent.mkdir(parents=True)
    with open(source, "rb") as whole:
        weights.write_bytes(whole.read(30_000_000))
    start(place, "cut off", "bytes instead of", folder)

    shutil.copyfile(source, weights)
    start(place, "too large for this machine", "MB are free", folder, **{"engine.memory_mb": "50"})
    with changed(weights, 0, b"FUGG"):
        start(place, "not what it says", "is not what it says it is", folder)
    check_flipped(place, weights, folder)


@contextlib.contextmanager
def changed(weights: pathlib.Path, where: int, to: bytes):
    """In place, with the times that it had: only its bytes tell."""
    with open(weights, "r+b") as file:
        times = os.stat(weights)
        file.seek(where)
        before = file.read(len(to))
        file.seek(where)
        file.write(bytes(b ^ 0xff for b in before) if to == before else to)
        file.flush()
        os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
        yield
        file.seek(where)
        file.write(before)


def check_flipped(place: Place, weights: pathlib.Path, folder: pathlib.Path) -> None:
    """Some bytes changed, in many ways and places: none of it is loaded, the server starts each time and says why."""
    seed = int(os.environ.get("TROUPE_TEST_SEED", random.SystemRandom().randrange(1_000_000)))
    print(f"seed {seed} (TROUPE_TEST_SEED repeats it)", flush=True)
    draw = random.Random(seed)
    named = 0
    for which in range(TRIES):
        first, last = REGIONS[which % len(REGIONS)]
        where, to = draw.randrange(first, last), draw.randbytes(4)
        with changed(weights, where, to):
            try:
                server = Server(place, {"models.dir": str(folder)}, models=MODEL)
            except Failed as failed:
                raise Failed(f"the server starts with {to!r} at {where}: {failed}") from failed
            named += server.ready()["dependencies"]["models"]["status"] != "ok"
            server.end()
    check(named == TRIES, f"{TRIES} damaged files: each start succeeds, {named} were named")
    server = Server(place, {"models.dir": str(folder)}, models=MODEL)
    listed = {model["name"]: model for model in server.call("models.List", {})["models"]}[MODEL]
    check(listed["loaded"] and listed["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest(),
          "mended, it is loaded again, and its own hash is shown")
    server.end()

