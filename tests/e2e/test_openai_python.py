"""OpenAI's Python client, unchanged."""
import os
import subprocess
import sys

from rig import Place, Server, check


def test(place: Place) -> None:
    server = Server(place)
    client = os.path.join(os.path.dirname(__file__), "..", "openai_clients", "client.py")
    done = subprocess.run([sys.executable, "-B", client, server.url], timeout=500,
                          env={**os.environ, "PYTHONPATH": os.environ.get("TROUPE_OPENAI_PYTHON_DIR", "")})
    check(done.returncode == 0, "OpenAI's Python client works")
