"""A reflex decision for each of 1,000 NPCs, as the running world makes it.

A whole tick with a player among them, by NPC: where they are, who is near, what they do; turn and commit too. Beside it the
decision alone.
"""
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

TICKS, DECISIONS = 200, 2000


def run(tell):
    with Program("reflex") as ours:
        found = interleave({"ticks": lambda _: ours.ask("ticks", TICKS, "player"),
                            "decision alone": lambda _: ours.ask("decisions", DECISIONS)}, tell=tell)
    return [compare("reflex.tick_per_npc", "us", "lower", found["ticks"]["us"], found["decision alone"]["us"],
                    "the decision alone (the floor)", "ours < 2")]
