"""Half an hour with twenty players and real weights. For `make soak`, not for ctest: an idle machine of two cores at least.

No crash, memory where it was after the first tenth, and nobody waits longer than the deadline. The figures are printed whatever comes of it."""
import json
import subprocess

from rig import Place, Server, check, footprint

PLAYERS, SECONDS = 20, 1800
MEMORY_SHARE_MAX = .15


def test(place: Place) -> None:
    server = Server(place, data=place.folder / "players", models="")
    pid = server.process.pid
    command = [place.troupe, "load", "--players", str(PLAYERS), "--json", "--server", server.url, "--seconds"]

    def play(seconds: int) -> dict:
        done = subprocess.run([*command, str(seconds)], capture_output=True, text=True, timeout=seconds + 300, check=False)
        check(done.returncode == 0, f"{PLAYERS} players for {seconds} s: {done.stderr.strip()[-200:]}")
        return json.loads(done.stdout)

    play(SECONDS // 10)
    memory = footprint(pid)["rss"]
    figures = play(SECONDS - SECONDS // 10)
    memory_end = footprint(pid)["rss"]
    print(json.dumps(figures), flush=True)
    check(abs(memory_end - memory) <= MEMORY_SHARE_MAX * memory, f"memory after a tenth {memory} KiB, at the end {memory_end}")
    check(figures["deadlines_missed"] == 0, f"nobody was late: {figures['deadlines_missed']} of {figures['answers']['count']}")
    check(server.call("world.Verify", {})["problem"] == "", "the log is intact")
