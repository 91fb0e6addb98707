"""Acknowledged durable writes a second with 64 writers, against one commit per write.

The peers: the same writers with the sharing of commits turned off, and SQLite by itself in one loop, which waits for nobody.
All write rows of 80 bytes with WAL and synchronous=FULL on the disk of this checkout.
"""
from harness import place
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

WRITERS, GROUP, ROWS, PEER_ROWS = 64, 512, 50_000, 3_000
GOAL = "ratio >= 10"


def run(tell):
    with Program("durable_writes", place.OUT) as ours:
        found = interleave({"ours": lambda _: ours.ask("writers", WRITERS, GROUP, ROWS),
                            "commits alone": lambda _: ours.ask("writers", WRITERS, 1, PEER_ROWS),
                            "sqlite": lambda _: ours.ask("sqlite", PEER_ROWS)}, tell=tell)
    written = {side: figures["per_s"] for side, figures in found.items()}
    return [compare("durable_writes.against_alone", "writes/s", "higher", written["ours"], written["commits alone"],
                    f"{WRITERS} writers, one commit per write", GOAL),
            compare("durable_writes.against_sqlite", "writes/s", "higher", written["ours"], written["sqlite"],
                    "SQLite in a loop, one commit per write", GOAL)]
