"""Acknowledged durable writes a second into PostgreSQL with 64 writers, against pgbench with 64 clients.

Both write the same rows of 80 bytes with the same prepared statement into the same server, which waits for its disk (fsync on). Ours
has one connection and shares commits itself; pgbench has 64, whose commits the server shares.
"""
import re
import sys

from harness import place
from harness.figures import compare
from harness.program import Program
from harness.rounds import interleave

sys.path.insert(0, str(place.ROOT / "tests" / "support"))
from postgres_server import PostgresServer  # noqa: E402

WRITERS, ROWS = 64, 20_000
SCRIPT = "\\set id random(1, 9000000000000000000)\ninsert into item (id, name) values (:id, :name);\n"


def pgbench(server):
    """Rows a second, by its own count."""
    script = server.folder / "insert.sql"
    script.write_text(SCRIPT)
    script.chmod(0o644)
    said = server.run("pgbench", "-n", "-M", "prepared", "-c", str(WRITERS), "-j", str(place.threads()), "-t", str(ROWS // WRITERS),
                      "-D", "name=" + "x" * 80, "-f", str(script), server.url)
    found = re.search(r"tps = ([\d.]+) \(without initial connection time\)", said)
    if not found or f"number of transactions actually processed: {ROWS // WRITERS * WRITERS}" not in said:
        raise place.BenchError("pgbench did not say how fast it was")
    return {"per_s": [float(found[1])]}


def run(tell):
    server = PostgresServer(place.setup()["postgres_dir"])
    try:
        server.start()
        server.sql("create table item (id bigint primary key, name text)")
        with Program("group_commit") as ours:
            found = interleave({"ours": lambda _: ours.ask("writers", server.url, WRITERS, ROWS), "pgbench": lambda _: pgbench(server)},
                               tell=tell)
    finally:
        server.remove()
    return [compare("group_commit.against_pgbench", "writes/s", "higher", found["ours"]["per_s"], found["pgbench"]["per_s"],
                    f"pgbench, {WRITERS} clients", "ratio >= 1")]
