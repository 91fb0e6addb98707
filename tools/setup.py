#!/usr/bin/env python3
"""Everything that Troupe needs and git does not carry: packages, Python and Node, llama.cpp, weights.

  tools/setup.py run      what `make run` needs
  tools/setup.py test     and what the tests need: sanitizers, a browser, llama-server, nats-server, PostgreSQL, small weights
  tools/setup.py bench    the same as test, and every model measured
  tools/setup.py peers    the gateways that benchmarks run against, into build/peers; about a gigabyte

  --overlap    returns when a build can start; weights go on arriving beside it
  --finish     waits for the weights and measures them
  --gpu KIND   also llama.cpp for graphics cards: vulkan or cuda

Each step is done once; again, it only looks. Results: build/setup.cmake, build/setup-KIND.cmake and build/setup.json. Logs:
build/logs.
"""
import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys

from setup import clients, nats_server, packages, peers, postgres, python_env, web
from setup.llama import GPUS, PEERS, Llama
from setup.ui import Progress, SetupError, bar, children, write_if_changed

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.environ.get("TROUPE_CACHE") or os.path.join(os.path.expanduser("~"), ".cache", "troupe")
BUILD = os.path.join(ROOT, "build")
LOGS = os.path.join(BUILD, "logs")
MODELS = os.path.join(CACHE, "models")
SUGGEST_TIMEOUT_S = 10
RUN_TIERS = "gold,silver,bronze,embedding,choice"  # the test tier's model is only needed by tests

CCACHE = {
    "CCACHE_DIR": os.path.join(CACHE, "ccache"),
    "CCACHE_MAXSIZE": "4G",
    "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime",
}


class Setup:
    def __init__(self, profile, gpu=None):
        self.profile = profile
        self.gpu = gpu
        self.progress = Progress()
        self.environment = python_env.Environment(ROOT, CACHE)
        self.clients = clients.PythonClients(ROOT, CACHE, self.environment)
        self.nats_server = nats_server.NatsServer(ROOT, CACHE, self.environment)
        self.postgres = postgres.Postgres(ROOT, CACHE, self.environment)
        self.llama = None
        self.weights_there = True

    def prepare(self, overlap):
        """Up to where a build can start; without `overlap` also the weights."""
        packages.ensure(self.profile, self.gpu, self.progress, LOGS)
        self.environment.ensure(self.progress, LOGS)
        self.llama = Llama(ROOT, CACHE)
        for_card = Llama(ROOT, CACHE, self.gpu) if self.gpu else None  # before anything is built: a toolkit may be missing
        work = [self.build_llama, self.install_web]
        if self.profile != "run":
            work.append(lambda: self.clients.ensure(self.progress, LOGS))
            work.append(lambda: self.nats_server.ensure(self.progress, LOGS))
            work.append(lambda: self.postgres.ensure(self.progress, LOGS))
        if not overlap:
            work.append(self.pull)
        elif not self.models_ok(measured=False):
            self.pull_beside()
        self.together(work)
        if for_card:  # after the CPU's: ccache has most of it then
            for_card.ensure(False, self.environment, self.progress, LOGS)
            write_if_changed(os.path.join(BUILD, f"setup-{self.gpu}.cmake"),
                             f'# Written by tools/setup.py; do not edit.\nset(TROUPE_LLAMA_GPU_ROOT "{for_card.folder}")\n')

    @staticmethod
    def together(work):
        with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
            try:
                for done in concurrent.futures.as_completed([pool.submit(step) for step in work]):
                    done.result()
            except BaseException:
                children.stop()
                raise

    def install_peers(self):
        self.environment.ensure(self.progress, LOGS)
        peers.Peers(ROOT, CACHE).ensure(self.environment, self.progress, LOGS)

    def finish(self):
        self.llama = self.llama or Llama(ROOT, CACHE)
        if self.models_ok(measured=True):
            return
        self.pull()
        self.pull(measured=True)

    def suggest(self):
        """One line where a listed model would be better on this machine, once; it looks, asks nobody and never fails set-up."""
        troupe = os.path.join(BUILD, "troupe")
        if self.profile != "run" or not os.path.exists(troupe):
            return
        try:
            told = subprocess.run([troupe, "models", "pull", "--json", "--models", MODELS], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False, timeout=SUGGEST_TIMEOUT_S).stdout
            line = json.loads(told)["message"] if told else ""
        except (OSError, subprocess.SubprocessError, ValueError, KeyError):
            return
        if write_if_changed(os.path.join(BUILD, "suggested"), line + "\n") and line:
            self.progress.say(f"set-up: {line}")

    def build_llama(self):
        self.llama.ensure(False, self.environment, self.progress, LOGS)
        self.write_outputs()  # early: who waits for the libraries need not wait for the peers
        if self.profile != "run":
            self.llama.ensure(True, self.environment, self.progress, LOGS)
            self.write_outputs()

    def install_web(self):
        web.ensure(ROOT, self.profile, self.environment, self.progress, LOGS)

    def write_outputs(self):
        found = {
            "llama_root": self.llama.folder,
            "models_dir": MODELS,
            "node_bin_dir": self.environment.node_bin,
            "python": self.environment.python,
            "openai_python_dir": self.clients.folder,
            "nats_server": self.nats_server.program,
            "postgres_dir": self.postgres.programs,
        }
        lines = [f'set(TROUPE_{key.upper()} "{value}")\n' for key, value in found.items()]
        write_if_changed(os.path.join(BUILD, "setup.cmake"),
                         "# Written by tools/setup.py; do not edit.\n" + "".join(lines))
        found["llama_probe"] = self.llama.probe
        for tool in PEERS:
            path = self.llama.path_of(tool)
            found[tool.replace("-", "_")] = path if os.path.exists(path) else ""
        write_if_changed(os.path.join(BUILD, "setup.json"), json.dumps(found, indent=1) + "\n")

    # Weights are tools/models.py's work; here it is started and its lines are shown.

    def models_command(self, command, measured):
        argv = [self.environment.python, os.path.join(ROOT, "tools", "models.py"), command, "--all", "--dest", MODELS]
        if self.profile == "run":
            argv += ["--tiers", RUN_TIERS]
        if measured:
            argv += ["--measure", "all" if self.profile == "bench" else "needed", "--probe", self.llama.probe]
        return argv

    def models_ok(self, measured):
        return subprocess.run(self.models_command("check", measured), check=False).returncode == 0

    def pull_beside(self):
        os.makedirs(LOGS, exist_ok=True)
        with open(os.path.join(LOGS, "models.log"), "a", encoding="utf-8") as log:
            subprocess.Popen(["nice", "-n", "5", *self.models_command("pull", False), "--json"], stdin=subprocess.DEVNULL,
                             stdout=log, stderr=log)

    def pull(self, measured=False):
        if not self.weights_there or self.models_ok(measured):
            return
        problems = []
        with self.progress.step("measuring the weights" if measured else "weights") as tell:
            process = subprocess.Popen([*self.models_command("pull", measured), "--json"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, text=True)
            children.add(process)
            for line in process.stdout:
                told = json.loads(line)
                if "message" not in told:
                    size = f" {bar(told['done_bytes'], told['total_bytes'], ' MB', 1 << 20)}" if told["total_bytes"] else ""
                    tell(f"{told['model']} {told['step']}{size}")
                elif told["step"] == "error":
                    problems.append(f"{told['model']}: {told['message']}")
                else:
                    self.progress.say(f"set-up: {told['model']}: {told['message']}")
            process.wait()
            children.remove(process)
        if process.returncode != 0 and not children.stopped:
            self.weights_there = False
            reason = "; ".join(problems) or f"tools/models.py ended with status {process.returncode}"
            if self.profile != "run":
                raise SetupError(f"weights are missing: {reason}")
            self.progress.say(f"set-up: warning: weights are missing, so the world runs on reflex: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile", nargs="?", default="run", choices=["run", "test", "bench", "peers"])
    parser.add_argument("--overlap", action="store_true")
    parser.add_argument("--finish", action="store_true")
    parser.add_argument("--gpu", choices=GPUS)
    args = parser.parse_args()
    for name, value in CCACHE.items():
        os.environ.setdefault(name, value)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        setup = Setup(args.profile, args.gpu)
        if args.profile == "peers":
            setup.install_peers()
            return 0
        if not args.finish:
            setup.prepare(args.overlap)
        if not args.overlap:
            setup.finish()
            setup.suggest()
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    finally:
        children.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
