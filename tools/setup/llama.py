"""llama.cpp, built from the source inside a pinned Python source package, for this CPU, once per machine; and once more for
each kind of graphics card that somebody asks for.

The folder it ends in is named after everything it depends on: version, compiler, CPU features as the compiler sees them
(a native library on another CPU dies of an illegal instruction) and the files in tools/setup/llama. One for a graphics card
has that in its name, and also depends on tools/setup/llama_gpu and the toolkit.
"""
import glob
import hashlib
import os
import re
import shutil
import tarfile
import textwrap

from setup.ui import SetupError, bar, locked, output_of, run

PACKAGE = "llama-cpp-python"
VERSION = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
SOURCE = f"llama_cpp_python-{VERSION}/vendor/llama.cpp/"
NOT_NEEDED = (".git", "docs/", "media/", "models/", "gguf-py/", "examples/", "benches/", ".devops/")

CC, CXX = "clang-19", "clang++-19"
LIBRARIES = ("llama", "ggml", "ggml-cpu", "ggml-base", "llama-schema")
PEERS = ("llama-server", "llama-bench", "llama-quantize")
GPUS = ("vulkan", "cuda")
CUDA_LEAST = (12, 8)  # the first whose nvcc takes clang 19 as its host compiler
HEADERS = {
    "include": ("include/*.h", "ggml/include/ggml.h", "ggml/include/ggml-alloc.h", "ggml/include/ggml-backend.h",
                "ggml/include/ggml-cpp.h", "ggml/include/ggml-cpu.h", "ggml/include/ggml-opt.h", "ggml/include/gguf.h"),
    "include/llama-schema": ("common/json.h", "common/json-schema.h", "common/json-schema-to-grammar.h"),
    "share/licences": ("LICENSE",),
}


class Llama:
    def __init__(self, root, cache, gpu=None):
        self.recipe = os.path.join(root, "tools", "setup", "llama")
        self.gpu = gpu
        self.libraries = LIBRARIES + ((f"ggml-{gpu}",) if gpu else ())
        self.options = []
        self.cache = cache
        macros = output_of([CXX, "-march=native", "-dM", "-E", "-x", "c++", "/dev/null"])
        if macros is None:
            raise SetupError(f"{CXX} is missing or does not run; install clang-19")
        digest = hashlib.sha256("\n".join(sorted(macros.splitlines())).encode())
        for path in sorted(glob.glob(os.path.join(self.recipe, "*"))):
            with open(path, "rb") as file:
                digest.update(os.path.basename(path).encode() + b"\0" + file.read())
        compiler = re.search(r'__clang_version__ "([\d.]+)', macros)
        if gpu:
            self._add_gpu(gpu, digest)
        name = f"llama-{VERSION}-clang{compiler[1] if compiler else ''}-{digest.hexdigest()[:10]}" + (f"-{gpu}" if gpu else "")
        self.folder = os.path.join(cache, name)
        self.work = os.path.join(cache, "work", name)
        self.probe_source = os.path.join(root, "tools", "setup", "probe.cpp")
        with open(self.probe_source, "rb") as file:
            self.probe = self.path_of(f"llama-probe-{hashlib.sha256(file.read()).hexdigest()[:8]}")

    def _add_gpu(self, gpu, digest):
        self.recipe += "_gpu"
        self.options.append(f"-DTROUPE_GPU={gpu}")
        for path in sorted(glob.glob(os.path.join(self.recipe, "*"))):
            with open(path, "rb") as file:
                digest.update(os.path.basename(path).encode() + b"\0" + file.read())
        if gpu == "cuda":
            nvcc, version = find_nvcc()
            digest.update(version.encode())
            self.options += [f"-DCMAKE_CUDA_COMPILER={nvcc}", f"-DCMAKE_CUDA_HOST_COMPILER={CXX}"]

    def path_of(self, tool):
        return os.path.join(self.folder, "bin", tool)

    def ready(self, peers):
        return os.path.exists(os.path.join(self.folder, "lib")) and (
            not peers or all(os.path.exists(self.path_of(peer)) for peer in PEERS))

    def ensure(self, peers, environment, progress, logs):
        log = os.path.join(logs, f"llama-{self.gpu}.log" if self.gpu else "llama.log")
        if not self.ready(False):
            with progress.step(f"llama.cpp for {self.gpu}" if self.gpu else "llama.cpp") as tell, locked(self.folder + ".lock", tell):
                if not self.ready(False):
                    self._configure(environment, tell, log)
                    self._build(self.libraries, tell, log)
                    self._install_libraries()
        if self.gpu:  # libraries are all that is wanted of it: weights are measured, and peers run, on the CPU
            shutil.rmtree(self.work, ignore_errors=True)
            return
        if not os.path.exists(self.probe):
            self._build_probe(log)
        if peers and not self.ready(True):
            with progress.step("llama-server and llama-bench") as tell, locked(self.folder + ".lock", tell):
                if not self.ready(True):
                    self._configure(environment, tell, log)
                    self._build(PEERS, tell, log)
                    for peer in PEERS:
                        self._put(os.path.join(self.work, "build", "bin", peer), self.path_of(peer))
                    shutil.rmtree(self.work, ignore_errors=True)  # nothing needs it any more

    # Source and build folder stay until the peers are built too, so that they start where the libraries ended.
    def _configure(self, environment, tell, log):
        source = os.path.join(self.work, "source")
        if not os.path.exists(source):
            self._fetch(environment, source, tell, log)
        build = os.path.join(self.work, "build")
        if os.path.exists(os.path.join(build, "build.ninja")):
            return
        tell("configuring")
        launcher = []
        if shutil.which("ccache"):
            launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
        run(["cmake", "-S", self.recipe, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_CXX_COMPILER={CXX}", f"-DLLAMA_SOURCE={source}", *self.options, *launcher],
            log, what="configuring llama.cpp")

    def _build(self, targets, tell, log):
        def on_line(line):
            count = re.match(r"\[(\d+)/(\d+)\]", line)
            if count:
                tell(bar(int(count[1]), int(count[2])))
        # (CC, CXX: Vulkan's shaders are made by a program that is configured in the middle of the build.)
        env = dict(os.environ, CCACHE_BASEDIR=self.work, CCACHE_NOHASHDIR="1", CC=CC, CXX=CXX)
        run(["ninja", "-C", os.path.join(self.work, "build"), *targets], log, on_line=on_line,
            what="building llama.cpp", env=env)

    def _install_libraries(self):
        partial = self.folder + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        source, build = os.path.join(self.work, "source"), os.path.join(self.work, "build")
        for below, patterns in HEADERS.items():
            folder = os.path.join(partial, below)
            os.makedirs(folder)
            for pattern in patterns:
                for path in glob.glob(os.path.join(source, pattern)):
                    shutil.copy2(path, folder)
        os.makedirs(os.path.join(partial, "lib"))
        for library in self.libraries:
            built = glob.glob(os.path.join(build, "**", f"lib{library}.a"), recursive=True)
            if len(built) != 1:
                raise SetupError(f"llama.cpp built no lib{library}.a; remove {self.work} and try again")
            shutil.copy2(built[0], os.path.join(partial, "lib"))
        os.makedirs(os.path.join(partial, "bin"))
        shutil.rmtree(self.folder, ignore_errors=True)
        os.rename(partial, self.folder)

    def _build_probe(self, log):
        partial = f"{self.probe}.{os.getpid()}.partial"
        libraries = [os.path.join(self.folder, "lib", f"lib{name}.a") for name in LIBRARIES]
        run([CXX, "-std=c++20", "-O2", "-I", os.path.join(self.folder, "include"), self.probe_source, "-o", partial,
             "-Wl,--start-group", *libraries, "-Wl,--end-group", "-lpthread", "-ldl", "-lm"], log, what="building tools/setup/probe.cpp")
        for old in glob.glob(self.path_of("llama-probe*")):
            if old != partial:
                os.remove(old)
        os.replace(partial, self.probe)

    @staticmethod
    def _put(built, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy2(built, path + ".partial")
        os.replace(path + ".partial", path)

    def _fetch(self, environment, source, tell, log):
        """Downloads the source package and nothing else.

        pip asks a source package for its metadata even when it only downloads, which would install that package's build
        tools and, with some, compile. So the build back end it finds is a stand-in of ours that just answers the name.
        """
        tell("fetching the source")
        shutil.rmtree(self.work, ignore_errors=True)
        stand_in = os.path.join(self.work, "stand-in", "scikit_build_core")
        os.makedirs(stand_in)
        folder = f"{PACKAGE.replace('-', '_')}-{VERSION}.dist-info"
        for name, text in (("__init__.py", ""), ("build.py", STAND_IN.format(folder=folder, name=PACKAGE, version=VERSION))):
            with open(os.path.join(stand_in, name), "w", encoding="utf-8") as file:
                file.write(text)
        pinned = os.path.join(self.work, "pinned.txt")
        with open(pinned, "w", encoding="utf-8") as file:
            file.write(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
        run([environment.python, "-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir",
             "--progress-bar", "off", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes",
             "-r", pinned, "-d", self.work], log, what="downloading llama.cpp",
            env=dict(os.environ, PYTHONPATH=os.path.dirname(stand_in)))
        tell("unpacking")
        package = glob.glob(os.path.join(self.work, "*.tar.gz"))[0]
        unpacked = source + ".partial"
        with tarfile.open(package) as archive:
            for member in archive:
                name = member.name.removeprefix(SOURCE)
                if name == member.name or name.startswith(NOT_NEEDED) or not (member.isfile() or member.isdir()):
                    continue
                if ".." in name.split("/"):
                    raise SetupError(f"{os.path.basename(package)} holds a path that leaves its folder: {member.name}")
                member.name = name
                archive.extract(member, unpacked, set_attrs=False)
        os.remove(package)
        os.rename(unpacked, source)


def find_nvcc():
    """CUDA's compiler and its version as text; a SetupError says which toolkit to install."""
    wanted = ".".join(map(str, CUDA_LEAST))
    advice = f"install NVIDIA's CUDA toolkit {wanted} or newer (its package cuda-toolkit), or say where it is in CUDA_PATH"
    places = [os.path.join(place, "bin", "nvcc") for place in (os.environ.get("CUDA_PATH"), "/usr/local/cuda") if place]
    nvcc = next((path for path in [places[0] if os.environ.get("CUDA_PATH") else "", shutil.which("nvcc") or "", *places]
                 if path and os.access(path, os.X_OK)), None)
    if nvcc is None:
        raise SetupError(f"GPU=cuda needs nvcc, which is not on this machine: {advice}")
    told = output_of([nvcc, "--version"]) or ""
    version = re.search(r"release (\d+)\.(\d+)", told)
    if version is None or (int(version[1]), int(version[2])) < CUDA_LEAST:
        found = f"is {version[1]}.{version[2]}" if version else "does not say its version"
        raise SetupError(f"GPU=cuda: {nvcc} {found}: {advice}")
    return nvcc, told


STAND_IN = textwrap.dedent('''\
    import os


    def prepare_metadata_for_build_wheel(folder, settings=None):
        os.mkdir(os.path.join(folder, "{folder}"))
        with open(os.path.join(folder, "{folder}", "METADATA"), "w") as file:
            file.write("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        return "{folder}"


    def build_wheel(*_, **__):
        raise RuntimeError("only for downloading")
    ''')
