"""Does what "Add a service" in CONTRIBUTING.md says, word for word, in a copy of the tree, and builds and tests what comes of it.

What did not change comes from the compiler's cache, as in any second checkout.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICE = "notices"
BUILD_S, TEST_S = 1500, 120
# "`path`", or "`path` after `line`", and a fenced block below it.
BLOCK = re.compile(r"^( *)`([\w/.]+)`(?: after `([^`\n]+)`)?\n\n *```\w+\n(.*?)^ *```$", re.M | re.S)


def section() -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text[text.index("## Add a service"):text.index("## Add an event")]


def follow(tree: pathlib.Path) -> list[str]:
    """The files that were written or changed."""
    done = []
    for indent, path, after, body in BLOCK.findall(section()):
        body = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        file = tree / path
        if after:
            text = file.read_text(encoding="utf-8")
            assert text.count(after) == 1, f"{path}: {text.count(after)} times {after!r}"
            file.write_text(text.replace(after, after + "\n" + body.rstrip("\n")), encoding="utf-8")
        else:
            assert not file.exists(), f"{path} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
        done.append(path)
    return done


def run(tree: pathlib.Path, seconds: int, *command: str) -> None:
    done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-4000:]}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="troupe-toy-") as folder:
        tree = pathlib.Path(folder) / "troupe"
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
        (tree / "build").mkdir()
        shutil.copy2(ROOT / "build" / "setup.cmake", tree / "build" / "setup.cmake")
        shutil.copy2(ROOT / "build" / "setup.json", tree / "build" / "setup.json")
        for modules in ("console/node_modules", "tests/openai_clients/node_modules"):
            if (ROOT / modules).is_dir():
                (tree / modules).symlink_to(ROOT / modules)
        print("\n".join(follow(tree)), flush=True)
        run(tree, BUILD_S, "cmake", "--preset", "release")
        own = f"troupe_service_{SERVICE}_test"
        run(tree, BUILD_S, "env", f"CCACHE_BASEDIR={tree}", "cmake", "--build", "build/release", "--target", own, "troupe_services_test")
        run(tree, TEST_S, f"build/release/src/services/{SERVICE}/{own}")
        run(tree, TEST_S, "build/release/tests/world/troupe_services_test", f"--gtest_filter=*/{SERVICE}")
        print("ok: a service was added as CONTRIBUTING.md says, built, left out, brought back and begun")


if __name__ == "__main__":
    main()
