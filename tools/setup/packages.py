"""System packages, through apt-get: checked with dpkg-query first, so that nothing runs when all is there."""
import os
import re
import shutil
import sys

from setup.ui import SetupError, output_of, run

RUN = """
    ca-certificates clang-19 clang-format-19 mold ccache ninja-build cmake pkg-config python3-venv
    libspdlog-dev libyaml-cpp-dev libprotobuf-dev protobuf-compiler libsqlite3-dev libpq-dev libssl-dev libcurl4-openssl-dev
    prometheus-cpp-dev libcli11-dev nlohmann-json3-dev libvalijson-dev libre2-dev libgtest-dev libgmock-dev
    libnats-dev
""".split()
TEST = "llvm-19 libclang-rt-19-dev xfsprogs e2fsprogs mount strace".split()
GPU = {"vulkan": "libvulkan-dev spirv-headers glslc".split(), "cuda": []}  # CUDA's toolkit is NVIDIA's (setup/llama.py)
GPU_TEST = {"vulkan": ["mesa-vulkan-drivers"], "cuda": []}  # a device in software: tests need no card
BOOST = {"bookworm": ["libboost1.81-dev", "libboost-json1.81-dev"]}  # its unversioned Boost is 1.74
BOOST_ELSEWHERE = ["libboost-dev", "libboost-json-dev"]


def release():
    """ID and codename of this system: ('debian', 'bookworm')."""
    found = {}
    try:
        with open("/etc/os-release", encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.strip().partition("=")
                found[key] = value.strip('"')
    except OSError:
        pass
    return found.get("ID", ""), found.get("VERSION_CODENAME", "")


def wanted(profile, gpu):
    system, codename = release()
    names = RUN + BOOST.get(codename, BOOST_ELSEWHERE) + GPU.get(gpu, [])
    if profile == "run":
        return names
    names = names + TEST + GPU_TEST.get(gpu, [])
    if system != "ubuntu":  # there Chromium is no package but a snap
        names = names + ["chromium"]
    return names


def missing(names):
    told = output_of_any(["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *names])
    there = {line.split()[0] for line in told.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in there]


def output_of_any(argv):
    # dpkg-query exits 1 when one name is unknown, and still tells about the others.
    return output_of(["sh", "-c", '"$@" 2>/dev/null; true', "sh", *argv]) or ""


def ensure(profile, gpu, progress, logs):
    names = wanted(profile, gpu)
    lacking = missing(names)
    if profile != "run" and release()[0] == "ubuntu" and not any(map(shutil.which, ("chromium", "google-chrome"))):
        progress.say("set-up: the browser tests need Chromium, which Ubuntu ships as a snap: snap install chromium")
    if not lacking or os.environ.get("TROUPE_SKIP_PACKAGES"):
        return
    if not shutil.which("apt-get"):
        raise SetupError("this is not Debian 12/13 or Ubuntu 24.04; install these or their like, then run again with "
                         "TROUPE_SKIP_PACKAGES=1: " + " ".join(lacking))
    root = as_root()
    if root is None:
        raise SetupError("system packages are missing and neither root nor sudo is at hand; have them installed: "
                         "apt-get install " + " ".join(lacking))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    log = os.path.join(logs, "packages.log")
    with progress.step(f"system packages ({len(lacking)})") as tell:
        tell("updating the lists")
        options = ["-q", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3"]
        try:
            run([*root, "apt-get", "update", *options], log, env=environment, stdin=None)
        except SetupError:
            pass  # old lists may do; if not, the next command says so
        counter = Counter(tell)
        run([*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends",
             *options, *lacking], log, on_line=counter, what="apt-get install", env=environment, stdin=None)
    lacking = missing(names)
    if lacking:
        raise SetupError("apt-get finished but these are still missing: " + " ".join(lacking))


def as_root():
    """The words to put before a command that needs root; None when there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and (sys.stdin.isatty() or output_of(["sudo", "-n", "true"]) is not None):
        return ["sudo"]
    return None


class Counter:
    """Counts apt-get's lines: each package is fetched, unpacked and set up."""

    def __init__(self, tell):
        self.tell = tell
        self.total = 0
        self.done = 0

    def __call__(self, line):
        count = re.search(r"(\d+) upgraded, (\d+) newly installed", line)
        if count:
            self.total = 3 * (int(count[1]) + int(count[2]))
        if line.startswith(("Get:", "Unpacking ", "Setting up ")):
            self.done = min(self.done + 1, self.total)
        if self.total:
            self.tell(f"{100 * self.done // self.total} %")
