"""The power-cut rig (a process kill is no power cut): a file system whose power is cut while clients write. What was
acknowledged must be there after the next mount. The same with syncs left out must lose something, or the rig proves nothing."""
from disk import Disk
from rig import Failed, Place, Server, Writers, check, times

# Syncs that answer "done" and do nothing.
NO_SYNC = ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
           "-e", "inject=fsync,fdatasync:retval=0"]
CLIENTS = 6


def cut_and_start(disk: Disk, server: Server, writers: Writers, writes: int) -> None:
    enough = writers.acknowledged() + writes
    writers.start(server)
    server.wait_until(f"{writes} writes were acknowledged", lambda: writers.acknowledged() >= enough, 60)
    # An answer that comes while the power goes away proves nothing: a file system that is shut down in the middle of a sync
    # may say that it is done. There can be one a client, and no more: nothing is acknowledged without a disk.
    sure = writers.so_far()
    disk.cut()
    cut = writers.so_far()
    writers.join()
    late = writers.since(cut)
    if late > CLIENTS:
        raise Failed(f"{late} writes were acknowledged after the cut; {CLIENTS} can have been under way")
    writers.documents, writers.memories = sure
    server.end()
    disk.unmount()
    disk.mount()
    server.start()


def cut(place: Place, kind: str, mib: int, times: int) -> None:
    disk = Disk(place, kind, mib)
    server = Server(place, data=disk.path / "data", flags=["--no-models"])
    writers = Writers(CLIENTS)
    for which in range(times):
        cut_and_start(disk, server, writers, 150 + 100 * (which % 5))
        lost = writers.lost(server)
        check(not lost, f"{kind}: all {writers.acknowledged()} acknowledged writes survived power cut {which + 1} "
                        f"(lost: {lost[:5]})")
        check(server.call("world.Verify", {})["problem"] == "", f"{kind}: the log is intact")
    server.end()
    disk.unmount()


def control(place: Place) -> None:
    disk = Disk(place, "ext4", 64)
    server = Server(place, data=disk.path / "data", flags=["--no-models"], under=NO_SYNC)
    writers = Writers(CLIENTS)
    try:
        cut_and_start(disk, server, writers, 150)
        lost = writers.lost(server)
    except Failed as failed:
        lost = [str(failed)]
    check(bool(lost), f"without syncs the rig finds losses: {len(lost)}, such as {lost[:2]}")
    server.end()
    disk.unmount()


def test(place: Place) -> None:
    cut(place, "ext4", 64, times(3, 30))
    cut(place, "xfs", 320, times(2, 20))
    control(place)
