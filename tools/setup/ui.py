"""What set-up says, how it runs other programs, and how two set-ups keep out of each other's way."""
import contextlib
import fcntl
import os
import re
import subprocess
import sys
import threading
import time

HEARTBEAT_S = 15  # without a terminal: a line this often while something long runs
TAIL_LINES = 12   # of a log, when its program failed


class SetupError(Exception):
    """A failure that a person can do something about; the message is one line and says what."""


class Progress:
    """The long steps that run now: one moving line on a terminal, a line now and then without one."""

    def __init__(self, out=sys.stderr):
        self.out = out
        self.terminal = out.isatty()
        self.lock = threading.Lock()
        self.steps = {}
        self.shown = 0.0
        self.width = 0

    @contextlib.contextmanager
    def step(self, name):
        start = time.monotonic()
        with self.lock:
            self.steps[name] = ""
        stop = threading.Event()
        beat = threading.Thread(target=self._beat, args=(stop,), daemon=True)
        beat.start()
        try:
            yield lambda text: self.update(name, text)
        except BaseException:
            self._finish(name, stop)
            raise
        self._finish(name, stop)
        self.say(f"set-up: {name}: done in {time.monotonic() - start:.0f} s")

    def update(self, name, text):
        with self.lock:
            if name in self.steps:
                self.steps[name] = text
        self._show()

    def say(self, text):
        with self.lock:
            self._wipe()
            print(text, file=self.out, flush=True)

    def _finish(self, name, stop):
        stop.set()
        with self.lock:
            self.steps.pop(name, None)
            self._wipe()

    def _beat(self, stop):
        while not stop.wait(1):
            self._show()

    def _wipe(self):
        if self.terminal and self.width:
            self.out.write("\r" + " " * self.width + "\r")
            self.out.flush()
            self.width = 0

    def _show(self):
        with self.lock:
            now = time.monotonic()
            if not self.steps or now - self.shown < (0.2 if self.terminal else HEARTBEAT_S):
                return
            self.shown = now
            line = "set-up: " + "; ".join(f"{name} {text}".rstrip() for name, text in self.steps.items())
            if not self.terminal:
                print(line, file=self.out, flush=True)
                return
            columns = os.get_terminal_size(self.out.fileno()).columns if self.terminal else 80
            line = line[:max(10, columns - 1)]
            self.out.write("\r" + line.ljust(self.width))
            self.out.flush()
            self.width = len(line)


def bar(done, total, unit="", scale=1):
    filled = int(12 * min(done, total) / total) if total else 0
    return f"[{'#' * filled}{'.' * (12 - filled)}] {done // scale}/{total // scale}{unit}"


class Children:
    """The programs that run now, so that a failure or Ctrl-C can end them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False

    def add(self, process):
        with self.lock:
            self.running.add(process)
            if self.stopped:
                process.terminate()

    def remove(self, process):
        with self.lock:
            self.running.discard(process)

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.running:
                with contextlib.suppress(OSError):
                    process.terminate()


children = Children()


def run(argv, log, on_line=None, what=None, **options):
    """Runs a program with its output in a log file. A failure names the log and quotes the line that says why."""
    os.makedirs(os.path.dirname(log), exist_ok=True)
    lines = []
    with open(log, "a", encoding="utf-8") as out:
        out.write("$ " + " ".join(map(str, argv)) + "\n")
        out.flush()
        try:
            process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       errors="replace", stdin=options.pop("stdin", subprocess.DEVNULL), **options)
        except OSError as error:
            raise SetupError(f"{what or argv[0]}: cannot start {argv[0]}: {error.strerror}") from error
        children.add(process)
        try:
            for line in process.stdout:
                out.write(line)
                lines.append(line.rstrip())
                del lines[:-TAIL_LINES]
                if on_line:
                    on_line(line)
            code = process.wait()
        finally:
            children.remove(process)
    if code != 0:
        said = [line for line in lines if re.search(r"error|fail|unable|cannot|could not", line, re.I)]
        reason = (said or lines or [f"exit status {code}"])[0 if said else -1].strip()
        raise SetupError(f"{what or argv[0]} failed: {reason[:300]} (all of it: {os.path.relpath(log)})")


def output_of(argv):
    """The standard output of a short program, or None when it is missing or fails."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


@contextlib.contextmanager
def locked(path, waiting=None):
    """One process at a time; the lock goes with the process, however it ends."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting("waits for another set-up")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_if_changed(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return False
    except OSError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    partial = f"{path}.{os.getpid()}.partial"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(partial, path)
    return True
