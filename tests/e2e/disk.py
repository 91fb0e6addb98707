"""A file system of our own in a file: it can be full, and its power can be cut. Needs root and loop devices; without them
the tests that use it fail."""
import fcntl
import os
import pathlib
import struct
import subprocess
import tempfile

from rig import Failed, Place

GOING_DOWN = 0x8004587D  # XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN: what `xfs_io -x -c shutdown` does
NO_LOG_FLUSH = 2
# 4 KiB blocks as on a real disk: small images get 1 KiB ones, where a page of a mapped file can lack room for its last part.
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096"], "xfs": ["mkfs.xfs", "-q", "-f"]}


class Disk:
    def __init__(self, place: Place, kind: str, mib: int):
        self.kind = kind
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=kind + "-", dir=place.folder))
        self.image = self.path.with_suffix(".img")
        with open(self.image, "wb") as image:
            image.truncate(mib << 20)
        tool(*MAKE[kind], str(self.image))
        self.mounted = False
        place.stack.callback(self.unmount)
        self.mount()

    def mount(self) -> None:
        tool("mount", "-o", "loop", str(self.image), str(self.path))
        self.mounted = True

    def unmount(self) -> None:
        if self.mounted:
            tool("umount", str(self.path))
            self.mounted = False

    def cut(self) -> None:
        """From now on nothing reaches the disk: what was not synced is lost at the next mount."""
        root = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(root, GOING_DOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(root)

    def fill(self) -> pathlib.Path:
        """Takes all room that is left, to the last block."""
        filler = self.path / "filler"
        with open(filler, "wb", buffering=0) as out:
            for size in (1 << 20, 4096, 512):
                try:
                    while True:
                        out.write(b"x" * size)
                except OSError:
                    continue
        return filler


def tool(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        raise Failed(f"{words[0]} is not here: run 'make setup' for tests (it installs e2fsprogs and xfsprogs)") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip()} (these tests need root and loop devices)")
