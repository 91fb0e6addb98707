"""What a sensible person would do in over 200 scenes: right choices and milliseconds of each model and method, against a label that llama-server generates.

Each model answers every scene by every method (the largest by the two quickest), one scene after the other; `scenes.yaml` says what is sensible. The peer reads
the same messages and writes one token under a grammar of the letters; beside the embedding model and the choice model stands the 0.5B chat model.

cold    the first scene of a person: nothing of the prompt is in the cache
warm    a fresh scene, fresh options; who the person is has been read before
known   a fresh scene and options that were judged before, so that their prior (or their meaning) is known

Accuracy is of all scenes. The temperature is fitted on one half of the people, the calibration error is of the other.

hard    the scenes of `hard.yaml`, which nothing was ever fitted to: each is asked with all rotations of its options, by one method of
        each model; also by tag, beside chance. Milliseconds are of the first rotation, of which nothing was read before.
"""
import dataclasses

from choose import scenes
from harness import calibration, place
from harness.figures import compare, median, percentile, short
from harness.frontier import Point, svg
from harness.llama import Server
from harness.place import BenchError
from harness.program import Program
from harness.rounds import form

MODELS = {"troupe-choice": "choice model", "minilm-l6-v2": "MiniLM", "smollm2-135m": "135M", "qwen2.5-coder-0.5b": "0.5B", "qwen2.5-coder-1.5b": "1.5B"}
CHOICE, EMBEDDING = "troupe-choice", "minilm-l6-v2"
METHODS = ("letters", "letters_minus_prior", "letters_rotated", "text_minus_prior")
# Of a model that takes longer than gold has for its letters alone: the others take a multiple of that, and half an hour each.
LARGE, LARGE_METHODS = "qwen2.5-coder-1.5b", ("letters", "letters_minus_prior")
DEFAULT = (CHOICE, "cross_encoder")  # who answers choose() of the gold tier, see src/app/engines.cpp
KINDS = {"meaning": "embedding", "cross_encoder": "choice"}  # of a model, by the method that it alone has
KNOWN_METHODS = ("letters_minus_prior", "text_minus_prior", "meaning")  # to which options that were seen before are cheaper
LABEL = "llama-server, one token under a grammar"
KNOWN_OF_A_PERSON = 2
CONTEXT = 2048
# The hard set is asked four times as often as the others: by the method of each model that is right most often, within reason.
HARD_METHODS = {CHOICE: "cross_encoder", EMBEDDING: "meaning", "smollm2-135m": "text_minus_prior", "qwen2.5-coder-0.5b": "text_minus_prior", LARGE: "letters"}
ACCURACY, HARD_ACCURACY, P99_MS, ERROR = 0.8, 0.65, 100, 0.1
SMOKE_STEP = 22  # of the scenes that a smoke run asks: every tag of the hard set comes up


@dataclasses.dataclass
class Found:
    """Of one model and method."""
    judged: list     # (probabilities, what is sensible) of each scene
    ms: dict         # cold, warm, known -> of each question
    tokens: list     # of the prompt of each scene


@dataclasses.dataclass
class FoundHard:
    """Of one model and method."""
    right: list      # of each scene: the share of its rotations that were answered sensibly
    ms: list         # of each scene: its first rotation


def methods(model):
    return {CHOICE: ("cross_encoder",), EMBEDDING: ("meaning",), LARGE: LARGE_METHODS}.get(model, METHODS)


def some(found):
    return found[::SMOKE_STEP] if form.smoke else found


def our_program(weights, method):
    return Program("choose", weights, KINDS.get(method, "chat"))


def ask_us(weights, method, all_scenes, tell):
    found = Found([], {"cold": [], "warm": [], "known": []}, [])
    with our_program(weights, method) as ours:
        def ask(scene, text):
            return ours.ask("ask", method, scene.who, text, *scene.options)

        for number, scene in enumerate(all_scenes):
            tell(f"{method}, scene {number + 1} of {len(all_scenes)}")
            came = ask(scene, scene.scene)
            found.judged.append((came["p"], scene.sensible))
            found.ms["cold" if scene.first else "warm"].append(came["ms"][0])
            found.tokens.append(came["prompt_tokens"][0])
            last = number + 1 == len(all_scenes) or all_scenes[number + 1].first
            if last and method in KNOWN_METHODS:
                for again in all_scenes[number + 1 - KNOWN_OF_A_PERSON:number + 1]:
                    found.ms["known"].append(ask(again, f"A week later. {again.scene}")["ms"][0])
    return found


def messages(scene):
    """What src/adapters/engine_llama/prompt.cpp asks with letters; the counts of tokens must agree."""
    listed = "".join(f"{letter}. {option}\n" for letter, option in zip(scenes.LETTERS, scene.options))
    asked = f"{scene.scene}\n\nWhat do you do?\n{listed}Answer with the letter only."
    return [{"role": "system", "content": scene.who}, {"role": "user", "content": asked}]


def ask_server(weights, all_scenes, tell):
    found = Found([], {"cold": [], "warm": []}, [])
    with Server(weights, parallel=1, context=CONTEXT) as server:
        for number, scene in enumerate(all_scenes):
            tell(f"llama-server, scene {number + 1} of {len(all_scenes)}")
            letters = scenes.LETTERS[:len(scene.options)]
            label, took, tokens = server.label(messages(scene), letters)
            found.judged.append(([float(letter == label) for letter in letters], scene.sensible))
            found.ms["cold" if scene.first else "warm"].append(took)
            found.tokens.append(tokens)
    return found


def ask_rotated(hard, ask, tell):
    """`ask(scene)` answers (probabilities, ms)."""
    found = FoundHard([], [])
    for number, scene in enumerate(hard):
        tell(f"hard scene {number + 1} of {len(hard)}")
        turned = scenes.rotations(scene)
        answers = [ask(one) for one in turned]
        found.right.append(scenes.mean(calibration.best(p) in one.sensible for one, (p, _) in zip(turned, answers)))
        found.ms.append(answers[0][1])
    return found


def ask_us_hard(weights, method, hard, tell):
    with our_program(weights, method) as ours:
        def ask(scene):
            came = ours.ask("ask", method, scene.who, scene.scene, *scene.options)
            return came["p"], came["ms"][0]

        return ask_rotated(hard, ask, lambda text: tell(f"{method}, {text}"))


def ask_server_hard(weights, hard, tell):
    with Server(weights, parallel=1, context=CONTEXT) as server:
        def ask(scene):
            letters = scenes.LETTERS[:len(scene.options)]
            label, took, _ = server.label(messages(scene), letters)
            return [float(letter == label) for letter in letters], took

        return ask_rotated(hard, ask, lambda text: tell(f"llama-server, {text}"))


def calibrated(found, all_scenes):
    """Temperature, error before, error after."""
    dev = [one for one, scene in zip(found.judged, all_scenes) if scene.dev]
    test = [one for one, scene in zip(found.judged, all_scenes) if not scene.dev]
    temperature = calibration.fit(dev)
    return temperature, calibration.error(test), calibration.error(test, temperature)


def row_maker(model, method):
    def row(figure, unit, better, our, their, their_name, goal=None):
        return {**compare(f"choose.{figure}.{model}.{method}", unit, better, our, their, their_name,
                          goal if (model, method) == DEFAULT else None), "model": model, "method": method, "figure": figure}
    return row


def chance(found):
    return short(scenes.mean(scene.chance for scene in found))


def rows_of(model, method, ours, peer, all_scenes):
    if method == "letters" and ours.tokens != peer.tokens:
        raise BenchError(f"{model}: the two sides read different prompts")
    row = row_maker(model, method)
    rows = [{**row("accuracy", "share", "higher", [calibration.accuracy(ours.judged)], [calibration.accuracy(peer.judged)], LABEL,
                   f"ours >= {ACCURACY}"), "chance": chance(all_scenes)}]
    for state, taken in ours.ms.items():
        if taken:
            theirs = peer.ms["warm" if state == "known" else state]
            rows.append(row(f"{state}_median", "ms", "lower", [median(taken)], [median(theirs)], LABEL, None))
            rows.append(row(f"{state}_p99", "ms", "lower", [percentile(taken, 0.99)], [percentile(theirs, 0.99)], LABEL,
                            f"ours <= {P99_MS}" if state == "warm" else None))
    temperature, before, after = calibrated(ours, all_scenes)
    rows.append({**row("error", "share", "lower", [after], [before], "the same at temperature 1", f"ours < {ERROR}"),
                 "temperature": round(temperature, 3)})
    return rows


def rows_of_hard(model, method, ours, peer, hard):
    row = row_maker(model, method)
    rows = [{**row("hard", "share", "higher", [scenes.mean(ours.right)], [scenes.mean(peer.right)], LABEL, f"ours >= {HARD_ACCURACY}"),
             "chance": chance(hard)},
            row("hard_median", "ms", "lower", [median(ours.ms)], [median(peer.ms)], LABEL),
            row("hard_p99", "ms", "lower", [percentile(ours.ms, 0.99)], [percentile(peer.ms, 0.99)], LABEL, f"ours <= {P99_MS}")]
    by_chance = scenes.by_tag(hard, [scene.chance for scene in hard])
    return rows + [row(f"hard_{tag}", "share", "higher", [right], by_chance[tag], "chance")
                   for tag, right in scenes.by_tag(hard, ours.right).items()]


def run(tell):
    all_scenes, hard = some(scenes.load()), some(scenes.load(scenes.HARD))
    rows, peers, hard_peers = [], {}, {}
    for model in MODELS:
        def of_model(text, model=model):
            tell(f"{model}: {text}")
        asked = "qwen2.5-coder-0.5b" if model in (CHOICE, EMBEDDING) else model
        if asked not in peers:
            peers[asked] = ask_server(place.weights(asked), all_scenes, of_model)
            hard_peers[asked] = ask_server_hard(place.weights(asked), hard, of_model)
        for method in methods(model):
            ours = ask_us(place.weights(model), method, all_scenes, of_model)
            rows += rows_of(model, method, ours, peers[asked], all_scenes)
            if method == HARD_METHODS[model]:
                ours_hard = ask_us_hard(place.weights(model), method, hard, of_model)
                rows += rows_of_hard(model, method, ours_hard, hard_peers[asked], hard)
    return rows


def picture(rows):
    """Accuracy against milliseconds, for docs/benchmarks."""
    points, peers = [], {}
    by_name = {(row["model"], row["method"], row["figure"]): row for row in rows}
    for (model, method, figure), row in by_name.items():
        if figure == "accuracy":
            took = by_name[model, method, "warm_p99"]
            points.append(Point(took["ours"], row["ours"], f"{MODELS[model]} {method.replace('_', ' ')}", MODELS[model]))
            if model not in (CHOICE, EMBEDDING):
                peers[model] = Point(took["peer"], row["peer"], f"{MODELS[model]} llama-server", MODELS[model], peer=True)
    return svg("Choices: right against time", "ms, 99 of 100 warm choices are faster", "sensible choices",
               points + list(peers.values()), goal=(P99_MS, ACCURACY))
