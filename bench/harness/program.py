"""Our side of a benchmark: a program that stays up, takes a line of words and answers a line of figures."""
import json
import selectors
import subprocess
import time

from harness.place import BUILD, BenchError

ANSWER_S = 240


class Program:
    """`with Program("tokens", weights) as ours: ours.ask("prompt", 512)`. Words must not hold tabs or line ends."""

    def __init__(self, benchmark, *args):
        self.name = f"bench_{benchmark}"
        self.pending = b""
        self.process = subprocess.Popen([str(BUILD / "bench" / self.name), *map(str, args)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, *words):
        """Figure -> list of numbers."""
        try:
            self.process.stdin.write("\t".join(map(str, words)).encode() + b"\n")
        except BrokenPipeError:
            raise BenchError(f"{self.name} has ended") from None
        return json.loads(self._line(time.monotonic() + ANSWER_S, words[0]))

    def _line(self, deadline, what):
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in self.pending:
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise BenchError(f"{self.name} did not answer '{what}' within {ANSWER_S} s")
                came = self.process.stdout.read(65536)
                if not came:
                    raise BenchError(f"{self.name} ended at '{what}' with status {self.process.wait()}")
                self.pending += came
        line, _, self.pending = self.pending.partition(b"\n")
        return line
