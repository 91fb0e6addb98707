"""What is set reaches whoever is connected within 100 ms: settings of every kind, from the shared timeline to a player's socket."""
import time

from rig import Place, Server, check
from socket_client import Socket

WITHIN_MS = 100
TRIES = 5

# The method, its request for one try, and the event that says so.
WAYS = {
    "settings.Set": (lambda n: {"category": "audio", "key": "master_volume", "value": n / 10}, "SettingChanged"),
    "settings.SetPreference": (lambda n: {"player": "anna", "category": "audio", "key": "music_volume", "value": n / 10}, "PreferenceChanged"),
    "settings.SetFlag": (lambda n: {"flag": {"flag": "map", "on": n % 2 == 0}}, "FlagChanged"),
    "settings.SetTier": (lambda n: {"player": "anna", "tier": ("premium", "whale")[n % 2]}, "PlayerTierChanged"),
    "settings.Declare": (lambda n: {"key": f"fog{n}", "type": "bool", "default_value": True, "summary": "Fog"}, "SettingChanged"),
    "settings.Withdraw": (lambda n: {"key": f"fog{n}"}, "SettingChanged"),
}


def test(place: Place) -> None:
    server = Server(place, flags=["--no-models"])
    socket = Socket(server, "anna")
    socket.send_json({"subscribe": {"id": 1, "types": sorted({event for _, event in WAYS.values()})}})
    check("error" not in socket.receive()["response"], "players hear of settings")
    for method, (request, event) in WAYS.items():
        times = []
        for n in range(TRIES):
            begun = time.monotonic()
            done = server.call(method, request(n))
            check("error" not in done, f"{method}: {done}")
            heard = socket.receive()["event"]["envelope"]["type"]
            times.append(1000 * (time.monotonic() - begun))
            check(heard == event, f"{method} is told as {event}: {heard}")
        # The best of some: a neighbour on the same machine makes one slower, not all.
        check(min(times) < WITHIN_MS, f"{method} reaches a client within {WITHIN_MS} ms: {', '.join(f'{t:.0f}' for t in times)}")
    check_who_comes(server)
    server.end()


def check_who_comes(server: Server) -> None:
    """What is set for whoever comes in, as the door knows it."""
    def set_world(key: str, value) -> None:
        check("error" not in server.call("settings.Set", {"category": "world", "key": key, "value": value}), f"world.{key} is set")

    set_world("message_of_the_day", "Mind the fog.")
    ben = Socket(server, "ben")
    check(ben.welcome["message_of_the_day"] == "Mind the fog.", "who comes reads the message of the day")
    set_world("players_max", 2)
    try:
        Socket(server, "carl")
        check(False, "a third player is refused where two may be")
    except KeyError:  # an error in the place of the welcome
        print("ok: a third player is refused where two may be", flush=True)
    check(bool(Socket(server, "ben").welcome), "who is there already may have another socket")
