"""npm packages of every folder with a package-lock.json: installed again only when the lock changed."""
import hashlib
import os

from setup.ui import run

SKIPPED = {"node_modules", "build", "data", ".git", "peers"}  # tools/peers: setup/peers.py
RUN_FOLDERS = {"console"}  # what `make run` needs; tests need the rest too
MARK = ".troupe-lock"


def folders(root, profile):
    for where, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in SKIPPED)
        below = os.path.relpath(where, root)
        if below.count(os.sep) >= 2:
            names.clear()
        if "package-lock.json" in files and (profile != "run" or below in RUN_FOLDERS):
            yield where


def ensure(root, profile, environment, progress, logs):
    for folder in folders(root, profile):
        with open(os.path.join(folder, "package-lock.json"), "rb") as file:
            lock = hashlib.sha256(file.read()).hexdigest()
        mark = os.path.join(folder, "node_modules", MARK)
        try:
            with open(mark, encoding="utf-8") as file:
                if file.read() == lock:
                    continue
        except OSError:
            pass
        name = os.path.relpath(folder, root)
        with progress.step(f"npm packages of {name}"):
            run([os.path.join(environment.node_bin, "npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                os.path.join(logs, f"npm-{name.replace(os.sep, '-')}.log"), what=f"npm ci in {name}", cwd=folder)
            with open(mark, "w", encoding="utf-8") as file:
                file.write(lock)
