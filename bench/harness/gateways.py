"""Gateways as peers: SMG, vllm-router, LiteLLM's proxy and Portkey's, each in front of one upstream on this machine."""
import http.client
import os
import subprocess
import time

from harness import place
from harness.llama import MODEL, free_port
from harness.place import BenchError

START_S, STOP_S, ANSWER_S = 90, 15, 30
KEY = "sk-bench"


def routed(port, upstream, level):
    """The options of the two that are built alike; without the second address they show metrics to every network."""
    return ["--host", "127.0.0.1", "--port", str(port), "--worker-urls", f"http://127.0.0.1:{upstream}", "--policy", "round_robin",
            "--prometheus-host", "127.0.0.1", "--prometheus-port", str(free_port()), "--log-level", level]


def smg(port, upstream):
    return [place.peer("bin/smg"), "launch", *routed(port, upstream, "warn")], {}, {}


def vllm_router(port, upstream):
    return [place.peer("bin/vllm-router"), *routed(port, upstream, "warning")], {}, {}


def litellm(port, upstream):
    config = place.OUT / "litellm.yaml"
    config.write_text(f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n"
                      f"      api_base: http://127.0.0.1:{upstream}/v1\n      api_key: none\n"
                      f"general_settings:\n  master_key: {KEY}\n", encoding="utf-8")
    words = [place.peer("bin/litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    return words, {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}, {"Authorization": f"Bearer {KEY}"}


def portkey(port, upstream):
    words = [place.setup()["node_bin_dir"] + "/node", place.peer("node_modules/@portkey-ai/gateway/build/start-server.js"),
             "--headless", f"--port={port}"]
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1", "Authorization": "Bearer none"}
    return words, {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}, headers


KINDS = {"smg": smg, "vllm-router": vllm_router, "litellm": litellm, "portkey": portkey}


class Gateway:
    """Ready when a chat comes through. `headers`: what each request needs."""

    def __init__(self, kind, upstream):
        place.OUT.mkdir(parents=True, exist_ok=True)
        self.kind, self.port = kind, free_port()
        words, extra, self.headers = KINDS[kind](self.port, upstream)
        self.log = open(place.OUT / f"{kind}.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=place.OUT,
                                        env={**os.environ, **extra})

    def __enter__(self):
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise BenchError(f"{self.kind} ended; see {self.log.name}")
            if self.answers():
                return self
            time.sleep(0.2)
        self.__exit__()
        raise BenchError(f"{self.kind} lets no chat through within {START_S} s; see {self.log.name}")

    def answers(self):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        body = f'{{"model":"{MODEL}","messages":[{{"role":"user","content":"Hello"}}],"max_tokens":1}}'
        try:
            line.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json", **self.headers})
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
