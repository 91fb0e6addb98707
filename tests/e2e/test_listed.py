"""Listed models: their publisher is asked for the hash first, and what comes is held to it; and which one would fit this machine."""
import argparse
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import threading

from rig import Place, check

MODEL = """  - {{name: {name}, file: {name}.gguf, listed: true, parameters: {parameters}, licence: MIT, context: 512, tiers: [silver], sources: [{{url: "{url}"}}]}}
"""


def gguf() -> bytes:
    """One of a kind and no weights, as far as its head goes."""
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()
    return b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + text("general.architecture") + struct.pack("<I", 8) + text("llama") + b"tensors" * 1000


BYTES = gguf()
HASH = hashlib.sha256(BYTES).hexdigest()


class Store(http.server.BaseHTTPRequestHandler):
    """Where the files are: another host, whose word on hashes does not count."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Linked-ETag", f'"{HASH}"')
        self.send_header("Content-Length", str(len(BYTES)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(BYTES)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Publisher(http.server.BaseHTTPRequestHandler):
    """Says what a file is, and sends whoever wants it to the store."""
    store = ""
    asked = []

    def do_GET(self):
        Publisher.asked.append(f"{self.command} {self.path}")
        name = self.path.strip("/").removesuffix(".gguf")
        if name == "gone":
            self.send_error(404)
            return
        if name == "renamed":
            self.send_response(307)
            self.send_header("Location", "/good.gguf")
        else:
            self.send_response(302)
            self.send_header("Location", f"{Publisher.store}/blob")
            self.send_header("ETag", f'"{HASH}"')
            if name in ("good", "wrong"):
                self.send_header("X-Linked-ETag", f'"{HASH if name == "good" else "0" * 64}"')
                self.send_header("X-Linked-Size", str(len(BYTES)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def check_tool() -> None:
    """Set-up's tool, which fetches by --all, leaves them; but takes them away."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))
    import models  # pylint: disable=import-outside-toplevel
    known = models.catalogue("/nowhere")
    listed = {name for name, model in known.items() if model.get("listed")}

    def chosen(command: str) -> set[str]:
        return {model["name"] for model in models.chosen(known, argparse.Namespace(command=command, all=True, tiers=None, names=[]))}
    check(len(listed) >= 3 and chosen("pull") == chosen("check") == set(known) - listed and chosen("rm") == set(known),
          f"--all of the tool leaves {', '.join(sorted(listed))}")


def test(place: Place) -> None:
    check_tool()
    alone = place.folder / "home"
    (alone / "models").mkdir(parents=True)
    folder = place.folder / "models"
    troupe = shutil.copy2(place.troupe, alone / "troupe")
    environment = {"PATH": os.environ["PATH"], "TROUPE_HOME": str(alone), "TROUPE_SERVER": "http://127.0.0.1:1"}

    def run(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([troupe, "models", *words, "--models", str(folder)], env=environment, cwd=place.folder,
                              capture_output=True, text=True, check=False, timeout=60)

    def listed() -> dict:
        return {model["name"]: model for model in map(json.loads, run("ls", "--json").stdout.splitlines())}

    def catalogue(url: str, parameters: str = "2e+9", *, names=("good", "wrong", "none", "renamed", "gone")) -> None:
        rows = "".join(MODEL.format(name=name, parameters=parameters, url=f"{url}/{name}.gguf") for name in names)
        (alone / "models" / "catalogue.yaml").write_text("models:\n" + rows)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store) as store, \
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), Publisher) as publisher:
        for server in (store, publisher):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        Publisher.store = f"http://127.0.0.1:{store.server_port}"
        url = f"http://127.0.0.1:{publisher.server_port}"
        catalogue(url)
        check({model["state"] for model in listed().values()} == {"listed"}, "ls shows what is listed")
        done = run("pull", "good")
        check(done.returncode == 0 and f"{url} says SHA-256 {HASH}" in done.stderr, f"the publisher's hash is shown: {done.stderr.strip()}")
        check(HASH in done.stdout and "MIT" in done.stdout and "`troupe models judge good`" in done.stdout, f"and what comes next: {done.stdout.strip()}")
        check(done.stderr.index("says SHA-256") < done.stderr.index("download"), "before anything is fetched")
        check(Publisher.asked == ["HEAD /good.gguf", "GET /good.gguf"], f"it was asked first: {Publisher.asked}")
        kept = json.loads((folder / "good" / "publisher.json").read_text())
        check(kept["sha256"] == HASH and kept["size"] == len(BYTES), f"it is kept beside the file: {kept}")
        check(listed()["good"]["state"] == "ready" and listed()["good"]["sha256"] == HASH, "then it is there, under its hash")
        check(run("pull", "good").returncode == 0 and len(Publisher.asked) == 2, "again, nobody is asked")

        done = run("pull", "wrong")
        check(done.returncode == 1 and "000000000000... was promised" in done.stderr and not list((folder / "wrong").glob("*.gguf*")),
              f"what is not what its publisher says is refused: {done.stderr.strip().splitlines()[-1]}")
        done = run("pull", "none")
        why = [line for line in done.stderr.splitlines() if line.startswith("troupe: ")]
        check(done.returncode == 1 and len(why) == 1 and "--sha256 HASH" in why[0] and not list((folder / "none").glob("*.gguf*")),
              f"no hash, or only one of another host: {why}")
        check(run("pull", "none", "--sha256", "f" * 64).returncode == 1, "a given one counts")
        check(run("pull", "none", "--sha256", HASH).returncode == 0 and listed()["none"]["state"] == "ready", "and lets it in")
        done = run("pull", "renamed")
        check(done.returncode == 0 and listed()["renamed"]["sha256"] == HASH, f"a repository that was renamed: {done.stderr.strip()}")
        done = run("pull", "gone")
        check(done.returncode == 1 and "404" in done.stderr, f"one that is gone: {done.stderr.strip()}")

        with open(folder / "good" / "good.gguf", "r+b") as file:
            file.seek(len(BYTES) - 1)
            file.write(b"!")
        done = run("pull", "good")
        check(done.returncode == 0 and (folder / "good" / "good.gguf").read_bytes() == BYTES and Publisher.asked[-1] == "GET /good.gguf",
              f"a file that is no longer what its publisher said is fetched again: {done.stderr.strip()}")
        for server in (store, publisher):
            server.shutdown()

    catalogue(url, "1e+15", names=("huge",))
    done = run("pull")
    check(done.returncode == 0 and not run("pull", "--json").stdout, f"nothing fits: {done.stdout.strip()}")
    catalogue(url, "1e+6", names=("small",))
    if os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 5.1e9:
        done = run("pull")
        check(done.returncode == 0 and done.stdout.count("\n") == 1 and "`troupe models pull small` fetches it" in done.stdout,
              f"one line of what fits: {done.stdout.strip()}")
    check(pathlib.Path(folder / "small").exists() is False, "and nothing was fetched")
