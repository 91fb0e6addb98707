"""Right answers against ms to the first word, by model: rules alone, and each chat model as far as its grade lets it and with a free hand, against llama-server.

Every eighth development line of `talk` over its four worlds. "graded": what the catalogue and the model's grade allow; "free": the model
speaks first, under guard. llama-server has the same weights and the system prompt of `talk`. The goal is that no model makes the rules' answers worse where its grade decides.
"""
import sys

from harness import place
from harness.figures import compare, compare_tail, percentile
from harness.frontier import Point, svg
from harness.llama import Server
from harness.place import setup
from harness.rounds import form
from harness.troupe import Up

sys.path.insert(0, str(place.ROOT / "bench" / "talk"))
import judge  # noqa: E402
from talk import bench as talk  # noqa: E402

MODELS = {"smollm2-135m": "135M", "qwen2.5-coder-0.5b": "0.5B", "qwen2.5-coder-1.5b": "1.5B"}
EVERY, EVERY_SMOKE = 8, 150
LOSES_AT_MOST = .02  # against the rules alone: two lines of this sample
TARGETS = ("troupe",)


def lines_of(world):
    return judge.load(world)[::EVERY_SMOKE if form.smoke else EVERY]


def through(settings, what, tell):
    out = []
    for world in judge.DEV:
        with Up(f"world: {judge.pack(world)}\nmodels.dir: {setup()['models_dir']}\n{settings}") as up:
            town = talk.Town(up)
            town.learns()
            out += talk.asked(town, lines_of(world), lambda line: line, tell, f"{what} {world}")
    return out


def of_server(model, tell):
    talk.MODEL, before = model, talk.MODEL
    try:
        return talk.of_peer([line for world in judge.DEV for line in lines_of(world)], tell)
    finally:
        talk.MODEL = before


def run(tell):
    rules = through("models.only: minilm-l6-v2\n", "rules", tell)
    rows = []
    for model, size in MODELS.items():
        theirs = of_server(model, tell)
        for hand, may in (("graded", ""), ("free", f"talk.may: {model} first\n")):
            ours = through(f"models.only: {model},minilm-l6-v2\n{may}", f"{size} {hand}", tell)
            first, first_theirs = ([row[2] for row in rows_of] for rows_of in (ours, theirs))
            goal = f"ours >= {talk.share(rules) - LOSES_AT_MOST:.3f}" if hand == "graded" else ""
            spoke = sum(row[1] == "model" for row in ours)
            named = {"model": model, "hand": hand, "spoke": spoke, "lines": len(ours), "rules": round(talk.share(rules), 3)}
            rows += [{**compare(f"talk_models.{size}.{hand}.right", "share", "higher", [talk.share(ours)], [talk.share(theirs)], "llama-server, same weights", goal), **named,
                      "p90": percentile(first, .9), "p90_theirs": percentile(first_theirs, .9)},
                     compare_tail(f"talk_models.{size}.{hand}.first_word.p90", "ms", .9, [first], [first_theirs], "llama-server, same weights", "")]
    return rows


def picture(rows):
    points = []
    for row in rows:
        if "hand" not in row:
            continue
        points.append(Point(row["p90"], row["ours"], f"{MODELS[row['model']]} {row['hand']}", MODELS[row["model"]]))
        if row["hand"] == "free":
            points.append(Point(row["p90_theirs"], row["peer"], f"{MODELS[row['model']]} llama-server", MODELS[row["model"]], peer=True))
    return svg("Talk: right answers against the first word", "ms, 9 of 10 first words are faster", "right answers", points, goal=(1500, .9))
