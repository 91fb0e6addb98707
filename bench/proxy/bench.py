"""What a proxy adds to the median: engine_openai behind /v1/chat/completions of a real `troupe up`, against LiteLLM, SMG, vllm-router and Portkey.

The upstream answers at once; added is the median through the proxy less the median without. 1 client and 64, each with a connection
that is kept and moments of its own. Ours does what the others do not: budget, breaker, the decision is kept.
"""
import contextlib
import json

from harness.figures import compare, median
from harness.gateways import KINDS, Gateway
from harness.place import BenchError, setup
from harness.program import Program
from harness.rounds import interleave
from harness.troupe import Up

LOADS = {1: (60, 20_000), 64: (3, 640_000)}  # clients -> questions each, microseconds between two of a client
BODY = {"messages": [{"role": "system", "content": "You are a lamplighter in a harbour town."},
                     {"role": "user", "content": "Good evening. Who lives in the house at the end of the pier?"}],
        "max_tokens": 16, "temperature": 0.7}
TARGETS = ("troupe",)
DIRECT, OURS = "direct", "ours"


def settings(upstream):
    return (f"models.dir: {setup()['models_dir']}\nmodels.only: minilm-l6-v2\nengines:\n  upstream:\n"
            f"    url: http://127.0.0.1:{upstream}/v1\n    model: bench\n    tiers: silver\n    allow_addresses: 127.0.0.0/8\n"
            "    parallel: 64\nroutes.silver: upstream\n")


def run(tell):
    with contextlib.ExitStack() as stack:
        upstream, clients = stack.enter_context(Program("proxy")), stack.enter_context(Program("proxy"))
        port = int(upstream.ask("upstream")["port"][0])
        tell("starting the proxies")
        up = stack.enter_context(Up(settings(port)))
        gateways = {kind: stack.enter_context(Gateway(kind, port)) for kind in KINDS}

        def side(name, to, model, headers):
            def of_round(number):
                out = {}
                for count, (each, gap_us) in LOADS.items():
                    came = clients.ask("load", to, count, each, gap_us, number, json.dumps({"model": model, **BODY}),
                                       *(f"{key}: {value}" for key, value in headers.items()))
                    if came["failed"][0]:
                        raise BenchError(f"{name} failed {came['failed'][0]:g} of {count * each} calls")
                    out[str(count)] = median(came["us"]) / 1000
                return out
            return of_round

        sides = {DIRECT: side(DIRECT, port, "bench", {}), OURS: side(OURS, up.port, "silver", {})}
        sides |= {kind: side(kind, gateway.port, "bench", gateway.headers) for kind, gateway in gateways.items()}
        return rows_of(interleave(sides, tell=tell))


def rows_of(found):
    rows = []
    for count in map(str, LOADS):
        # By rounds, so that what the machine did in one is in both.
        added = {name: [via - direct for via, direct in zip(values[count], found[DIRECT][count])] for name, values in found.items()}
        best = min(KINDS, key=lambda kind: median(added[kind]))
        for kind in KINDS:
            goal = "ratio >= 2" if kind == best else None
            rows.append(compare(f"proxy.added.{count}_clients, {kind}", "ms", "lower", added[OURS], added[kind], kind, goal))
    return rows
