"""A client that disappears stops its work within 100 ms, measured by tokens that are not generated."""
import http.client
import json
import re
import time

from rig import Place, Server, check

TOKENS_MAX = 1000
WITHIN_SECONDS = .1
SLACK_TOKENS = 3  # the step that runs when the news arrives, and what was on its way here


def generated(server: Server) -> int:
    found = re.search(r"^troupe_engine_new_tokens_total (\S+)", server.get("/metrics").decode(), re.MULTILINE)
    return int(float(found[1]))


def working(server: Server) -> int:
    found = re.search(r"^troupe_engine_in_flight_calls (\S+)", server.get("/metrics").decode(), re.MULTILINE)
    return int(float(found[1]))


def at_rest(server: Server) -> bool:
    """For a second: what the world reads at its start comes in batches."""
    for _ in range(10):
        if working(server) > 0:
            return False
        server.wait(.1)
    return True


def leave(server: Server, stream: bool, choices: int, what: str) -> None:
    body = {"model": "silver", "stream": stream, "max_tokens": TOKENS_MAX, "temperature": 0, "n": choices,
            "messages": [{"role": "user", "content": "Tell a very long story of a lighthouse, a storm and a ship. Do not stop."}]}
    before = generated(server)
    connection = http.client.HTTPConnection(server.address, timeout=60)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    server.wait_until(f"{what}: it is at work", lambda: generated(server) > before + 2 * choices)
    first, began = generated(server), time.monotonic()
    server.wait(.5)
    rate = (generated(server) - first) / (time.monotonic() - began)
    connection.sock.close() if connection.sock else connection.close()
    connection.close()
    left = generated(server)
    server.wait_until(f"{what}: nobody is at work any more", lambda: working(server) == 0, seconds=5)
    server.wait(.5)  # whatever went on would show
    wasted, allowed = generated(server) - left, rate * WITHIN_SECONDS + SLACK_TOKENS * choices
    check(wasted <= allowed, f"{what}: {wasted} tokens after the client had left; at {rate:.0f}/s at most {allowed:.0f}")
    total = generated(server) - before
    check(total < TOKENS_MAX * choices, f"{what}: {total} tokens instead of {TOKENS_MAX * choices}")


def test(place: Place) -> None:
    server = Server(place)
    server.wait_until("the world has what it reads at its start", lambda: at_rest(server), seconds=120)
    leave(server, True, 1, "a stream")
    leave(server, False, 1, "an answer in one piece")
    leave(server, True, 3, "three choices")
