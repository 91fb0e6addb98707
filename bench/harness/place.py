"""Where things are: set-up's findings, our programs, the weights; and what this machine is."""
import json
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build" / "bench"
BUILD = ROOT / "build" / "release"


class BenchError(Exception):
    """Why a benchmark could not be run; one line."""


def setup():
    try:
        return json.loads((ROOT / "build" / "setup.json").read_text(encoding="utf-8"))
    except OSError:
        raise BenchError("build/setup.json is missing: run 'make bench'") from None


def tool(name):
    path = setup().get(name.replace("-", "_"), "")
    if not path:
        raise BenchError(f"{name} is not built: run 'make bench', which sets it up")
    return path


def peer(path):
    """A file of the gateways that `make peers` installs."""
    found = ROOT / "build" / "peers" / path
    if not found.exists():
        raise BenchError(f"{path} is missing: run 'make peers', which installs the gateways")
    return str(found)


def weights(model):
    """The file that the server would use: what set-up measured to be best, else as shipped."""
    folder = pathlib.Path(os.environ.get("TROUPE_MODELS_DIR") or setup()["models_dir"]) / model
    files = sorted(folder.glob("*.gguf"))
    for measured in folder.glob("*measured.json"):
        chosen = folder / json.loads(measured.read_text(encoding="utf-8"))["use"]
        if chosen.exists():
            return chosen
    if not files:
        raise BenchError(f"the weights of {model} are missing: run 'make bench', which fetches them")
    return max(files, key=lambda file: file.stat().st_size)


def threads():
    return os.cpu_count() or 1


def machine():
    name = "unknown CPU"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next((text.split(":", 1)[1].strip() for text in file if text.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {threads()} cores"
