"""The peers of the engine: llama-bench and llama-server, of the same build of llama.cpp, with the same weights and threads."""
import dataclasses
import http.client
import json
import socket
import subprocess
import threading
import time

from harness import place
from harness.place import BenchError

START_S, ANSWER_S, KEPT_S = 120, 240, 2
MODEL = "bench"  # its name, for gateways that route by it


def llama_bench(weights, *, prompt, generate):
    """Tokens a second of reading `prompt` tokens and of writing `generate`, each after llama-bench's own warm-up."""
    argv = [place.tool("llama-bench"), "-m", str(weights), "-t", str(place.threads()), "-p", str(prompt), "-n", str(generate),
            "-r", "1", "-o", "jsonl"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=ANSWER_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"llama-bench failed: {error}") from error
    tests = [json.loads(line) for line in done.stdout.splitlines()]
    return {"read": next(t["avg_ts"] for t in tests if t["n_prompt"]), "write": next(t["avg_ts"] for t in tests if t["n_gen"])}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """One llama-server on a free port of this machine, as it is shipped but for what is given."""

    def __init__(self, weights, *, parallel, context, more=()):
        self.port = free_port()
        place.OUT.mkdir(parents=True, exist_ok=True)
        threads = str(place.threads())
        self.kept, self.used = None, 0.0
        self.log = open(place.OUT / "llama-server.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [place.tool("llama-server"), "-m", str(weights), "--alias", MODEL, "--host", "127.0.0.1", "--port", str(self.port), "-t", threads,
             "--parallel", str(parallel), "-c", str(context * parallel), *more], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise BenchError(f"llama-server ended; see {self.log.name}")
            try:
                if self._call("GET", "/health").status == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        self.__exit__()
        raise BenchError(f"llama-server is not ready within {START_S} s; see {self.log.name}")

    def __exit__(self, *_):
        if self.kept:
            self.kept.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse()

    def count(self, text):
        """The tokens of a text."""
        return len(json.load(self._call("POST", "/tokenize", {"content": text}))["tokens"])

    def embed(self, texts):
        """The vectors of texts, in their order; of a server that was started with --embeddings."""
        return [row["embedding"] for row in json.load(self._call("POST", "/v1/embeddings", {"input": texts}))["data"]]

    def label(self, messages, labels):
        """One token that is one of `labels`, held to them by a grammar, over a connection that is kept. Answers the label, ms
        from the question to the answer, tokens of the prompt."""
        body = {"messages": messages, "max_tokens": 1, "temperature": 0, "stream": False,
                "grammar": "root ::= " + " | ".join(f'"{label}"' for label in labels)}
        began = time.monotonic()
        answer = self.chat(body)
        took = 1000 * (time.monotonic() - began)
        return answer["choices"][0]["message"]["content"], took, answer["usage"]["prompt_tokens"]

    def chat(self, body):
        """One chat over a connection that is kept; the answer's JSON. llama-server closes what is idle for some seconds."""
        if self.kept and time.monotonic() - self.used > KEPT_S:
            self.kept.close()
            self.kept = None
        if self.kept is None:
            self.kept = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
            self.kept.connect()
            self.kept.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        answer = json.loads(self.kept.getresponse().read())
        self.used = time.monotonic()
        if "choices" not in answer:
            raise BenchError(f"llama-server did not answer: {answer}")
        return answer

    def chat_at_once(self, requests):
        """All of them in the same moment. Answers a Streamed for each, in order."""
        answers = [None] * len(requests)
        gate = threading.Barrier(len(requests) + 1)
        begin = [0.0]

        def one(place_in_list):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
            connection.connect()
            body = json.dumps({**requests[place_in_list], "stream": True, "stream_options": {"include_usage": True}})
            gate.wait()
            try:
                connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
                answers[place_in_list] = read_stream(connection.getresponse(), begin)
            except OSError as error:
                answers[place_in_list] = error

        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(requests))]
        for thread in threads:
            thread.start()
        begin[0] = time.monotonic()
        gate.wait()
        for thread in threads:
            thread.join()
        for answer in answers:
            if not isinstance(answer, Streamed):
                raise BenchError(f"llama-server did not answer: {answer}")
        return answers


@dataclasses.dataclass
class Streamed:
    first_ms: float
    total_ms: float
    prompt_tokens: int
    new_tokens: int
    text: str


def read_stream(response, begin):
    """Reads server-sent events to their end; ms from `begin[0]`."""
    first, usage, said = None, {}, ""
    for raw in response:
        text = raw.decode(errors="replace").strip()
        if not text.startswith("data: {"):
            continue
        event = json.loads(text[len("data: "):])
        for choice in event.get("choices", []):
            said += choice.get("delta", {}).get("content") or ""
            if first is None and said:
                first = 1000 * (time.monotonic() - begin[0])
        usage = event.get("usage") or usage
    if first is None:
        raise OSError(f"no token came, status {response.status}")
    return Streamed(first, 1000 * (time.monotonic() - begin[0]), usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0), said)
