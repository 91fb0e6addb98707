"""Plays calls (calls.py) against an OpenAI-compatible server: each at its own moment, whether or not the ones before are answered."""
import dataclasses
import http.client
import json
import socket
import threading
import time

from harness.calls import as_chat
from harness.place import BenchError

GIVE_UP_S = 60


@dataclasses.dataclass
class Played:
    ms: list      # from the call's moment to its answer, or until it was given up; of those that are not "again"
    met: list     # answered before the deadline
    tokens: list  # of the prompts; 0 where there was no answer
    written_per_s: float = 0.0  # tokens of the calls that are "again", about: each comes as an event


class Stories:
    """Calls that begin anew whenever they end; streamed, so that a server notices when nobody reads any more."""

    def __init__(self, port, calls):
        self.port, self.over, self.lines, self.failed = port, threading.Event(), [], None
        self.events = [0] * len(calls)
        self.threads = [threading.Thread(target=self.run, args=pair) for pair in enumerate(calls)]
        for thread in self.threads:
            thread.start()

    def run(self, number, call):
        part = 0
        while not self.over.is_set() and self.failed is None:
            body = json.dumps({**as_chat({**call, "user": f"{call['user']} Part {part}."}), "stream": True})
            part += 1
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=GIVE_UP_S) as line:
                    self.lines.append(line)
                    line.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
                                 f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                    if not line.recv(65536).startswith(b"HTTP/1.1 200"):
                        raise OSError("a story was refused")
                    while came := line.recv(65536):
                        self.events[number] += came.count(b"data: {")
            except OSError as error:
                if not self.over.is_set():
                    self.failed = error

    def stop(self):
        self.over.set()
        for line in self.lines:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had ended
        for thread in self.threads:
            thread.join()
        if self.failed:
            raise BenchError(f"the server failed: {self.failed}")


def play(port, calls, for_ms):
    """`for_ms`: when the calls with "again" are stopped. Answers of the others, in their order."""
    once = [call for call in calls if not call.get("again")]
    played = Played([0.0] * len(once), [False] * len(once), [0] * len(once))
    begin = time.monotonic()

    def one(number, call):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_S)
        body = json.dumps(as_chat(call))
        at = begin + call["at"] / 1000
        time.sleep(max(0, at - time.monotonic()))
        try:
            line.connect()
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            answer = json.loads(line.getresponse().read())
            played.tokens[number] = answer["usage"]["prompt_tokens"]
            played.ms[number] = 1000 * (time.monotonic() - at)
            played.met[number] = played.ms[number] <= call["deadline"]
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            played.ms[number] = 1000 * (time.monotonic() - at)
        finally:
            line.close()

    stories = Stories(port, [call for call in calls if call.get("again")])
    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(once)]
    for thread in threads:
        thread.start()
    time.sleep(max(0, begin + for_ms / 1000 - time.monotonic()))
    # Who still waits is answered under the same load: it goes on until the last of them is.
    for thread in threads:
        thread.join()
    played.written_per_s = sum(stories.events) / (time.monotonic() - begin)
    stories.stop()
    return played
