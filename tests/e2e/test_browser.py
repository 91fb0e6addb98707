"""The page, in a real browser."""
import os
import signal
import subprocess

from rig import Place, Server, check


def test(place: Place) -> None:
    server = Server(place)
    node = os.path.join(os.environ.get("TROUPE_NODE_BIN_DIR", ""), "node")
    done = subprocess.run([node, "tests/browser/console_test.mjs"], timeout=500,
                          env={**os.environ, "TROUPE_URL": server.url, "TROUPE_SHOTS": place.shots})
    check(done.returncode == 0, "the page works in a browser")
    status = server.kill(signal.SIGTERM)
    check(status == 0, f"SIGTERM ends it cleanly ({status})")
