"""A studio's own weights: by file and by address, broken off and gone on with, by a program that has nothing but itself."""
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

from rig import Place, Server, check

FILE = pathlib.Path("smollm2-135m") / "smollm2-135m-instruct-q4_1.gguf"


class Halves(http.server.BaseHTTPRequestHandler):
    """Serves one file, and breaks off in the middle of the first answer."""
    bytes_ = b""
    asked = []

    def do_GET(self):
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        first = not Halves.asked
        Halves.asked.append(begin)
        body = Halves.bytes_[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(Halves.bytes_) - 1}/{len(Halves.bytes_)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if first else body)
        self.close_connection = True

    def log_message(self, *_):
        pass


def test(place: Place) -> None:
    source = pathlib.Path(os.environ["TROUPE_MODELS_DIR"]) / FILE
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    folder = place.folder / "models"
    alone = place.folder / "bin"
    alone.mkdir()
    troupe = shutil.copy2(place.troupe, alone / "troupe")
    environment = {"PATH": str(alone), "TROUPE_HOME": str(alone), "TROUPE_SERVER": "http://127.0.0.1:1"}

    def run(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([troupe, "models", *words, "--models", str(folder)], env=environment, cwd=place.folder,
                              capture_output=True, text=True, check=False, timeout=300)

    done = run("pull", str(source), "--name", "own", "--licence", "ours", "--tiers", "silver")
    check(done.returncode == 0 and sha256 in done.stdout and "ours" in done.stdout,
          f"a file in one command, with licence and hash: {done.stdout.strip()} {done.stderr.strip()}")
    manifest = json.loads((folder / "own" / "model.json").read_text())
    check(manifest["sha256"] == sha256 and manifest["licence"] == "ours", "they are kept")

    Halves.bytes_ = source.read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Halves) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/Far.gguf"
        done = run("pull", url)
        check(done.returncode == 1 and "goes on from here" in done.stderr, f"a transfer that broke off says so: {done.stderr.strip()}")
        done = run("pull", url, "--sha256", sha256)
        check(done.returncode == 0 and Halves.asked[-1] > 0, f"the same command went on from {Halves.asked[-1]} bytes: {done.stderr.strip()[-200:]}")
        server.shutdown()
    listed = {model["name"]: model for model in map(json.loads, run("ls", "--json").stdout.splitlines())}
    check(listed["own"]["state"] == "ready" and listed["far"]["sha256"] == sha256 and listed["smollm2-135m"]["state"] == "missing",
          "ls knows what was pulled and what the catalogue has")
    for words in (("pull", "nothing-like-it"), ("pull", "http://example.com/x.gguf"), ("pull", str(place.log))):
        done = run(*words)
        why = [line for line in done.stderr.splitlines() if line.startswith("troupe: ")]
        check(done.returncode == 1 and len(why) == 1, f"{words[1]} is refused in one line: {why}")
    done = run("rm", "far")
    check(done.returncode == 0 and not (folder / "far").exists(), "rm removes it")

    server = Server(place, {"models.dir": str(folder)}, models="own")
    listed = {model["name"]: model for model in server.call("models.List", {})["models"]}["own"]
    check(listed["loaded"] and listed["sha256"] == sha256 and listed["licence"] == "ours", "a server loads it by its name")
    reply = server.call("router.Generate", {"tier": "silver", "messages": [{"role": "user", "text": "Hello"}], "tokens_max": 4})
    check(reply["model"] == "own" and reply["model_hash"] == sha256, "it answers, under its own hash")
    check(listed["may_by"] == "default" and "first" in listed["may"] and not listed.get("grade"), "whoever brings a model wants it to speak")
    kept = server.call("models.Grade", {"name": "own", "grade": {"examined": True, "may": ["small_talk"], "react": 1}})
    check(kept["of"] == sha256, "a grade belongs to the file")
    server.end()
    server.start()
    listed = {model["name"]: model for model in server.call("models.List", {})["models"]}["own"]
    check(listed["may"] == ["small_talk"] and listed["may_by"] == "grade" and listed["grade"]["react"] == 1,
          "from the next start on it decides")
    server.end()
