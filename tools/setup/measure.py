"""How fast weights run on this machine, and whether a requantised file is worth using. Used by tools/models.py."""
import json
import os
import subprocess

from setup.weights import ModelError, read_json, sha256_of, write_json

# A requantised file may know this much less than the file as shipped, and must be this much faster.
SCENES_LOST_MAX = 1
NATS_RATIO_MAX = 1.08
SPEED_RATIO_MIN = 1.05
PROBE_TIMEOUT_S = 300       # it limits itself to less; this is for a machine that hardly moves
TURN_PROMPT_TOKENS, TURN_NEW_TOKENS = 40, 20  # a short answer, which is what "faster" is about


class Busy(ModelError):
    pass


def machine_key(probe):
    """What a measurement depends on: the build of llama.cpp (which is named after the CPU) and the number of cores."""
    return f"{os.path.basename(os.path.dirname(os.path.dirname(probe)))} on {os.cpu_count()} cores"


def is_measured(store, probe):
    found = read_json(store.measured)
    return (found.get("machine") == machine_key(probe) and found.get("sha256") == store.model["sha256"]
            and all(os.path.exists(os.path.join(store.folder, tried["file"])) for tried in found.get("tried", [])))


def measure(store, probe, report, again=False):
    """Requantises as the catalogue says and keeps in `use` the fastest file that still passes the small check."""
    if is_measured(store, probe) and not again:
        return False
    if not os.path.exists(store.file):
        raise ModelError(f"{store.name} is not there; pull it first")
    with store.locked(report):
        if is_measured(store, probe) and not again:
            return False
        files = [store.file]
        for quant in store.model["requantise"]:
            path = store.path(quant)
            if not store.checked(path):
                report.step(store.name, f"requantise {quant}", force=True)
                ask_probe(store, [probe, "quantise", store.file, path + ".partial", quant])
                os.replace(path + ".partial", path)
                store.mark(path)
            files.append(path)
        report.step(store.name, "measure", force=True)
        embeds = "embedding" in store.model["tiers"]
        try:
            result = measure_embedding(store, probe) if embeds else measure_speed(store, probe, files)
        except Busy as error:
            result = {"use": os.path.basename(store.file), "verdict": f"not measured, used as shipped: {error}", "tried": []}
        for one in result["tried"]:
            one["sha256"] = sha256_of(os.path.join(store.folder, one["file"]))  # what the server holds the file to
        write_json(store.measured, {"model": store.name, "sha256": store.model["sha256"], "machine": machine_key(probe), **result})
        report.say(store.name, "measured", result["verdict"])
        return True


def measure_speed(store, probe, files):
    tried = [json.loads(line) for line in ask_probe(store, [probe, "measure", *files])]
    shipped = best = tried[0]
    for one in tried:
        one["turn_ms"] = round(1000 * TURN_PROMPT_TOKENS / one["prompt_tokens_per_s"] + TURN_NEW_TOKENS * one["generation_ms"], 1)
        one["passes"] = (one["right"] >= shipped["right"] - SCENES_LOST_MAX
                         and one["nats_per_token"] <= NATS_RATIO_MAX * shipped["nats_per_token"])
        if one["passes"] and one["turn_ms"] * SPEED_RATIO_MIN < best["turn_ms"]:
            best = one
    verdict = (f"{best['file']}: prompt {best['prompt_tokens_per_s']:.0f} tokens/s, {best['generation_ms']:.1f} ms a token, "
               f"{best['right']} of {best['of']} scenes right")
    if best is not shipped:
        verdict += f" (as shipped: {shipped['prompt_tokens_per_s']:.0f}, {shipped['generation_ms']:.1f}, {shipped['right']})"
    return {"use": best["file"], "verdict": verdict, "tried": tried}


# The first line against one that means the same in other words, and one about something else.
LIKE = ("The lighthouse keeper disappeared", "Odo, who tended the beacon, has gone missing", "The price of bread rose again")
LIKE_MIN, UNLIKE_MAX = 0.40, 0.15


def measure_embedding(store, probe):
    one = json.loads(ask_probe(store, [probe, "embed", store.file, *LIKE])[0])
    alike, unlike = one["likeness"]
    if alike < LIKE_MIN or unlike > UNLIKE_MAX:
        raise ModelError(f"{store.name} does not tell likeness: {alike} for two lines that mean the same, {unlike} for two that do not")
    file = os.path.basename(store.file)
    return {"use": file, "verdict": f"{file}: {one['ms']:.1f} ms a line, likeness {alike:.2f} against {unlike:.2f}",
            "tried": [{"file": file, **one}]}


def ask_probe(store, argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise Busy(f"llama-probe {argv[1]} took more than {PROBE_TIMEOUT_S} s; when the machine is less busy: "
                   f"tools/models.py measure {store.name}") from error
    if done.returncode != 0:
        raise ModelError(f"{store.name}: llama-probe {argv[1]} failed: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return done.stdout.strip().splitlines()
