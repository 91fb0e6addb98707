"""The gateways that benchmarks run against, pinned by their hashes: Python's in an environment of their own, one of npm.
In the cache, named after what is in it; build/peers leads there."""
import hashlib
import os
import re
import shutil
import sys

from setup.ui import bar, locked, run

PINS = ("requirements.txt", "package.json", "package-lock.json")


class Peers:
    def __init__(self, root, cache):
        self.pins = os.path.join(root, "tools", "peers")
        self.link = os.path.join(root, "build", "peers")
        digest = hashlib.sha256(f"{sys.version_info[:3]}".encode())
        for name in PINS:
            with open(os.path.join(self.pins, name), "rb") as file:
                digest.update(file.read())
        self.folder = os.path.join(cache, f"peers-{digest.hexdigest()[:12]}")
        self.ready_mark = os.path.join(self.folder, ".ready")

    def ensure(self, environment, progress, logs):
        if not os.path.exists(self.ready_mark):
            with progress.step("peers of the benchmarks") as tell, locked(self.folder + ".lock", tell):
                if not os.path.exists(self.ready_mark):
                    self.install(environment, os.path.join(logs, "peers.log"), tell)
        if os.path.realpath(self.link) != os.path.realpath(self.folder):
            if os.path.islink(self.link):
                os.unlink(self.link)
            os.symlink(self.folder, self.link)

    def install(self, environment, log, tell):
        shutil.rmtree(self.folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", self.folder], log, what="python3 -m venv")
        requirements = os.path.join(self.pins, "requirements.txt")
        with open(requirements, encoding="utf-8") as file:
            total = len(re.findall(r"^\S+==", file.read(), re.M))
        count = Counter(total, tell)
        run([os.path.join(self.folder, "bin", "python"), "-m", "pip", "install", "--disable-pip-version-check",
             "--require-hashes", "--only-binary", ":all:", "-r", requirements], log, on_line=count, what="pip install")
        tell("npm")
        for name in (*PINS[1:], ".npmrc"):
            shutil.copy(os.path.join(self.pins, name), self.folder)
        run([os.path.join(environment.node_bin, "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            log, what="npm ci", cwd=self.folder)
        with open(self.ready_mark, "w", encoding="utf-8"):
            pass


class Counter:
    """pip names each package as it fetches it, then is silent while it unpacks all of them."""

    def __init__(self, total, tell):
        self.total, self.tell, self.done = total, tell, 0

    def __call__(self, line):
        if line.startswith("Collecting "):
            self.done = min(self.total, self.done + 1)
            self.tell(bar(self.done, self.total, " packages"))
        elif line.startswith("Installing "):
            self.tell("unpacking")
