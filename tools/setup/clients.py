"""The official Python client that tests drive (its Node sibling comes with the npm packages of the same folder): a folder of
pinned packages beside the environment, so that what runs Troupe's own tools does not depend on it."""
import hashlib
import os
import shutil

from setup.ui import locked, run

READY = ".ready"


class PythonClients:
    def __init__(self, root, cache, environment):
        self.environment = environment
        self.requirements = os.path.join(root, "tests", "openai_clients", "requirements.txt")
        with open(self.requirements, "rb") as file:
            digest = hashlib.sha256(file.read())
        digest.update(os.path.basename(environment.folder).encode())  # wheels are of one Python
        self.folder = os.path.join(cache, f"openai-clients-{digest.hexdigest()[:12]}")

    def ensure(self, progress, logs):
        ready = os.path.join(self.folder, READY)
        if os.path.exists(ready):
            return
        with progress.step("OpenAI's Python client") as tell, locked(self.folder + ".lock", tell):
            if os.path.exists(ready):
                return
            shutil.rmtree(self.folder, ignore_errors=True)
            run([self.environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--require-hashes", "--only-binary", ":all:", "--target", self.folder, "-r", self.requirements],
                os.path.join(logs, "openai-clients.log"), what="pip install")
            with open(ready, "w", encoding="utf-8"):
                pass
