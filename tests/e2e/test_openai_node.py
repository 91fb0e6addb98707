"""OpenAI's Node client, unchanged."""
import os
import subprocess

from rig import Place, Server, check


def test(place: Place) -> None:
    server = Server(place)
    node = os.path.join(os.environ.get("TROUPE_NODE_BIN_DIR", ""), "node")
    client = os.path.join(os.path.dirname(__file__), "..", "openai_clients", "client.mjs")
    done = subprocess.run([node, client, server.url], timeout=500)
    check(done.returncode == 0, "OpenAI's Node client works")
