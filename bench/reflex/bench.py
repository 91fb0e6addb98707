"""A reflex decision for each of 1,000 NPCs, as the running world makes it.

A whole tick with players among them, by NPC: where they are, who is near, what they do; turn and commit too. Beside it the
decision alone.
"""
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

PLAYERS = (1, 100)
TICKS, DECISIONS = 200, 2000


def run(tell):
    rows = []
    for players in PLAYERS:
        # A world of its own for each: who has been seen once is in it for a minute.
        with Program("reflex") as ours:
            found = interleave({"ticks": lambda _: ours.ask("ticks", TICKS, players),
                                "decision alone": lambda _: ours.ask("decisions", DECISIONS)},
                               tell=lambda text: tell(f"{players} players: {text}"))
        rows.append(compare(f"reflex.per_npc.{players}_players", "us", "lower", found["ticks"]["us"],
                            found["decision alone"]["us"], "the decision alone (the floor)", "ours < 2"))
    return rows
