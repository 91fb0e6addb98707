"""A request and its answer over NATS: our bus, with deadlines and proofs, and the client library nats.c alone.

Both in one process over one connection, sending at once, to the same nats-server.
"""
from harness.figures import compare
from harness.nats import NatsServer
from harness.program import Program
from harness.rounds import interleave

REQUESTS = 5_000


def run(tell):
    with NatsServer() as nats, Program("bus_nats") as ours:
        found = interleave({"bus": lambda _: ours.ask("ours", nats.url, REQUESTS), "nats.c": lambda _: ours.ask("alone", nats.url, REQUESTS)},
                           tell=tell)
    return [compare("bus_nats.request", "us", "lower", found["bus"]["us"], found["nats.c"]["us"], "nats.c alone",
                    "ratio >= 0.667")]
