#!/usr/bin/env python3
"""Weights: fetch, check, convert, requantise and measure them. models/catalogue.yaml says which there are.

  tools/models.py pull NAME...|--all     what is missing or damaged, from the first source that answers
  tools/models.py ls                     what there is
  tools/models.py rm NAME...             delete
  tools/models.py measure NAME...|--all  measure again on this machine

  --dest DIR    where the weights are (default: the one set-up chose)
  --json        progress as one JSON object per line: {"model","step","done_bytes","total_bytes"}

A listed model (see the catalogue) is fetched only by its name, by build/troupe, which asks its publisher for the hash.

Each model has a folder DEST/NAME with its file, the requantised files beside it, and NAME.measured.json, whose "use" names
the file to load. A file with the wrong hash is kept aside as FILE.bad and never used.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

from setup.measure import is_measured, measure
from setup.weights import ModelError, Sources, Store, read_json, sha256_of, size_below

try:
    import yaml
except ImportError:
    sys.exit("models: PyYAML is missing; use the Python that set-up made (TROUPE_PYTHON in build/setup.json), or `make setup`")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CATALOGUE = os.path.join(ROOT, "models", "catalogue.yaml")
CACHE = os.path.join(os.path.expanduser("~"), ".cache", "troupe")


class Reporter:
    """Progress as JSON lines, as lines for people, or not at all."""

    def __init__(self, as_json, quiet=False):
        self.as_json = as_json
        self.quiet = quiet
        self.last = 0.0

    def step(self, model, step, done=0, total=0, force=False):
        now = time.monotonic()
        if not force and now - self.last < (0.5 if self.as_json or sys.stderr.isatty() else 15):
            return
        self.last = now
        if self.as_json:
            print(json.dumps({"model": model, "step": step, "done_bytes": done, "total_bytes": total}), flush=True)
        elif sys.stderr.isatty():
            print(f"\r\033[K{model}: {step} {done >> 20}/{total >> 20} MB", end="", file=sys.stderr, flush=True)
        elif not self.quiet:
            print(f"{model}: {step} {done >> 20}/{total >> 20} MB", file=sys.stderr, flush=True)

    def say(self, model, step, message):
        if self.as_json:
            print(json.dumps({"model": model, "step": step, "done_bytes": 0, "total_bytes": 0, "message": message}), flush=True)
        else:
            clear = "\r\033[K" if sys.stderr.isatty() else ""
            print(f"{clear}{model}: {message}", file=sys.stderr, flush=True)


def catalogue(dest):
    """By name. Of a listed model hash and size are what its publisher said when it was pulled."""
    with open(CATALOGUE, encoding="utf-8") as file:
        models = yaml.safe_load(file)["models"]
    for model in models:
        if model.get("listed"):
            said = read_json(os.path.join(dest, model["name"], "publisher.json"))
            model.update(sha256=said.get("sha256", ""), size=said.get("size", 0))
    return {model["name"]: model for model in models}


def chosen(models, args):
    if args.all:
        wanted = set(args.tiers.split(",")) if args.tiers else None
        return [m for m in models.values()
                if (wanted is None or wanted & set(m["tiers"])) and (args.command == "rm" or not m.get("listed"))]
    unknown = [name for name in args.names if name not in models]
    if unknown:
        raise ModelError(f"no model '{unknown[0]}' in the catalogue; there are: {', '.join(models)}")
    if not args.names:
        raise ModelError("name a model, or --all")
    return [models[name] for name in args.names]


def pull(store, sources, report):
    model = store.model
    if store.checked(store.file):
        return False
    with store.locked(report):
        if store.checked(store.file):
            return False
        if os.path.exists(store.file):
            report.step(store.name, "verify", 0, model["size"], force=True)
            if sha256_of(store.file, lambda done: report.step(store.name, "verify", done, model["size"])) == model["sha256"]:
                store.mark(store.file)
                return False
            os.replace(store.file, store.file + ".bad")
            report.say(store.name, "refused", f"{model['file']} is damaged; kept aside as {model['file']}.bad, fetching it again")
        report.step(store.name, "download", 0, model["size"], force=True)
        if "convert" in model:
            convert(store, sources, report)
        else:
            sources.fetch(store, model, store.file)
        store.mark(store.file)
        shutil.rmtree(store.parts, ignore_errors=True)
        report.step(store.name, "done", model["size"], model["size"], force=True)
        return True


def pull_listed(model, args):
    """The program asks the publisher and fetches, because it can do so without this tree."""
    troupe = os.path.join(ROOT, "build", "troupe")
    if not os.path.exists(troupe):
        raise ModelError("build/troupe fetches it, which is not built yet: `make build`")
    argv = [troupe, "models", "pull", model["name"], "--models", args.dest, *(["--json"] if args.json else [])]
    return subprocess.run(argv, check=False).returncode == 0


def convert(store, sources, report):
    model = store.model
    work = os.path.join(store.folder, ".inputs")
    os.makedirs(work, exist_ok=True)
    paths = []
    for wanted in model["inputs"]:
        path = os.path.join(work, wanted["file"])
        if not (os.path.exists(path) and sha256_of(path) == wanted["sha256"]):
            sources.fetch(store, wanted, path)
        paths.append(path)
    report.step(store.name, "convert", 0, model["size"], force=True)
    script = os.path.join(ROOT, "tools", model["convert"])
    made = os.path.join(work, model["file"])
    done = subprocess.run([sys.executable, script, *paths, made], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ModelError(f"{model['convert']} failed: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    found = sha256_of(made)
    if found != model["sha256"]:
        os.replace(made, store.file + ".bad")
        raise ModelError(f"{model['convert']} made a file whose hash is {found[:12]}..., the catalogue has "
                         f"{model['sha256'][:12]}...; kept aside as {model['file']}.bad")
    os.replace(made, store.file)
    shutil.rmtree(work)


def settings():
    return read_json(os.path.join(ROOT, "build", "setup.json"))


def to_measure(model, args):
    """`needed` is where there is a choice of files, and embeddings, whose check takes no time. What chooses writes nothing to measure."""
    if "choice" in model["tiers"]:
        return False
    return args.measure == "all" or (args.measure == "needed" and (model["requantise"] or "embedding" in model["tiers"]))


def command_pull(args, report):
    sources = Sources(report)
    failed = 0
    for model in chosen(catalogue(args.dest), args):
        store = Store(args.dest, model)
        try:
            if model.get("listed"):
                failed += not pull_listed(model, args)
                continue
            pull(store, sources, report)
            if to_measure(model, args):
                measure(store, args.probe, report)
        except (ModelError, OSError) as error:
            report.say(store.name, "error", str(error))
            failed += 1
    return 1 if failed else 0


def command_check(args, _):
    """Silent and quick: are these there, checked and measured?"""
    for model in chosen(catalogue(args.dest), args):
        store = Store(args.dest, model)
        if not store.checked(store.file):
            return 1
        if to_measure(model, args) and not is_measured(store, args.probe):
            return 1
    return 0


def command_measure(args, report):
    for model in chosen(catalogue(args.dest), args):
        if to_measure(model, argparse.Namespace(measure="all")):
            measure(Store(args.dest, model), args.probe, report, again=True)
    return 0


def command_ls(args, _):
    for model in catalogue(args.dest).values():
        store = Store(args.dest, model)
        there = "ready" if store.checked(store.file) else "unchecked" if os.path.exists(store.file) else "listed" if model.get("listed") else "missing"
        found = read_json(store.measured)
        use = os.path.join(store.folder, found.get("use", model["file"])) if there == "ready" else ""
        if args.json:
            print(json.dumps({"model": store.name, "state": there, "file": use, "size_bytes": model["size"],
                              "tiers": model["tiers"], "licence": model["licence"], "measured": found.get("verdict", "")}))
        else:
            print(f"{store.name:22}{there:10}{model['size'] >> 20:>6} MB  {','.join(model['tiers']):16}{found.get('verdict', '')}")
    return 0


def command_rm(args, report):
    for model in chosen(catalogue(args.dest), args):
        store = Store(args.dest, model)
        if not os.path.exists(store.folder):
            continue
        with store.locked(report):
            size = size_below(store.folder)
            shutil.rmtree(store.folder)
        report.say(store.name, "removed", f"removed, {size >> 20} MB")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0], usage=__doc__.split("\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["pull", "check", "measure", "ls", "rm"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--tiers", help="with --all: only models of these tiers, comma separated")
    parser.add_argument("--dest", default=settings().get("models_dir") or os.path.join(CACHE, "models"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", choices=["needed", "all"], help="pull: also measure, where something depends on it or everywhere")
    parser.add_argument("--probe", default=settings().get("llama_probe", ""))
    args = parser.parse_args()
    report = Reporter(args.json)
    try:
        return globals()[f"command_{args.command}"](args, report)
    except (ModelError, OSError) as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("models: stopped; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
