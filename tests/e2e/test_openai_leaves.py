"""A client that disappears stops its work within 100 ms, measured by tokens that are not generated."""
import http.client
import json
import re
import time

from rig import Failed, Place, Server, check

TOKENS_MAX = 1000
LONG = 150  # tokens of an answer that goes on
# What the smallest model writes depends on the processor: on some it has told the story after a sentence.
TASKS = ("Tell a very long story of a lighthouse, a storm and a ship. Do not stop.", "Write the numbers from 1 to 1000, one a line.",
         "Count from one to one thousand in words.", "Name a hundred animals, one a line, and something of each.",
         "Write a long letter to a friend at sea, with all the news of the town.")
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


def body_of(task: str, tokens: int, **more) -> dict:
    return {"model": "silver", "max_tokens": tokens, "temperature": 0, "messages": [{"role": "user", "content": task}], **more}


def long_task(server: Server) -> str:
    """One that the model is at for long, on this machine."""
    for task in TASKS:
        if server.post("/v1/chat/completions", body_of(task, LONG))["usage"]["completion_tokens"] == LONG:
            return task
    raise Failed("the model ends each answer early")


def leave(server: Server, task: str, stream: bool, choices: int, what: str) -> None:
    body = body_of(task, TOKENS_MAX, stream=stream, n=choices)
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
    task = long_task(server)
    leave(server, task, True, 1, "a stream")
    leave(server, task, False, 1, "an answer in one piece")
    leave(server, task, True, 3, "three choices")
