"""Acknowledged durable writes a second with 64 writers, against SQLite by itself with one commit per write.

Both write rows of 80 bytes with WAL and synchronous=FULL on the disk of this checkout.
"""
from harness import place
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

WRITERS, ROWS, PEER_ROWS = 64, 50_000, 3_000


def run(tell):
    with Program("durable_writes", place.OUT) as ours:
        found = interleave({"group commit": lambda _: ours.ask("grouped", WRITERS, ROWS),
                            "one commit per write": lambda _: ours.ask("single", PEER_ROWS)}, tell=tell)
    return [compare(f"durable_writes.{WRITERS}_writers", "writes/s", "higher", found["group commit"]["per_s"],
                    found["one commit per write"]["per_s"], "SQLite, one commit per write", "ratio >= 10")]
