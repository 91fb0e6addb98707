"""A model on a graphics card, or on Mesa's device in software (make test-gpu): one line at the start says what runs where, models.List
says the same, a person talks with it; with a card that fails, without one, or told to leave it alone, the same program runs on the CPU."""
import json
import urllib.request

import rig
from rig import Place, Server, check

MODEL = "smollm2-135m"
NOWHERE = ("env", "VK_DRIVER_FILES=/nowhere", "VK_ICD_FILENAMES=/nowhere", "CUDA_VISIBLE_DEVICES=", "GGML_VK_VISIBLE_DEVICES=")


def where(place: Place, since: int) -> str:
    lines = [line for line in place.said(since).splitlines() if f"{MODEL} (" in line]
    check(len(lines) == 1, f"one line says what runs where: {lines}")
    return lines[0]


def start(place: Place, wanted: str, **options) -> Server:
    since = len(place.said())
    settings = {"log.level": "info", "players.patience": "0", **options.pop("config", {})}
    server = Server(place, settings, models=f"{MODEL},minilm-l6-v2", **options)
    said = where(place, since)
    check(f"{MODEL} (gold, silver, bronze): {wanted}" in said and "minilm-l6-v2 (embedding): CPU" in said, f"{wanted}: {said}")
    listed = {model["name"]: model for model in server.call("models.List", {})["models"]}[MODEL]
    check(listed["runs_on"].startswith(wanted), f"models.List says so, too: {listed['runs_on']}")
    request = {"tier": "silver", "messages": [{"role": "user", "text": "Hello"}], "tokens_max": 8, "deadline_ms": 120_000}
    reply = server.call("router.Generate", request)
    check(reply.get("model") == MODEL and bool(reply.get("text")), f"it writes: {reply.get('text')!r}")
    return server


def talk(server: Server) -> dict:
    """Two minutes on a busy machine: the prompt is read on the device, which is in software."""
    line = {"npc": "marta", "text": "What happened to the keeper?", "player": "anna", "deadline_ms": 290_000}
    request = urllib.request.Request(server.url + "/api/npc/Talk", json.dumps(line).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as reply:
        return json.load(reply)


def test(place: Place) -> None:
    rig.READY_SECONDS = 300  # a device in software is slow, and compiles its shaders first
    start(place, "31 of 31 layers on ").end()
    server = start(place, "3 of 31 layers on ", config={"engine.gpu_layers": "3"})
    reply = talk(server)
    check(bool(reply.get("text")) and reply["tier"] in ("gold", "silver", "bronze"),
          f"marta speaks by the model ({reply.get('tier')}): {reply.get('text')}")
    server.end()
    start(place, "CPU", config={"engine.gpu_layers": "0"}).end()
    since = len(place.said())
    start(place, "CPU", under=("env", "GGML_VK_FORCE_MAX_BUFFER_SIZE=1000000")).end()
    lines = [line for line in place.said(since).splitlines() if f"{MODEL} runs on the CPU: " in line]
    check(len(lines) == 1 and "does not take 31 of its 31 layers" in lines[0], f"a card that fails is named, with why: {lines}")
    since = len(place.said())
    start(place, "CPU", under=NOWHERE).end()
    lines = [line for line in place.said(since).splitlines() if "no graphics card is found" in line]
    check(len(lines) == 1, f"without a card one line says so: {lines}")
