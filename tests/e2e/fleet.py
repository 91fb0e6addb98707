"""A world in several processes on one NATS, seen from outside as one server: what a test asks goes to the first gateway."""
import signal

from nats_rig import Nats
from rig import Place, Server

WORLD = "world,mind,shared"


class Fleet:
    def __init__(self, place: Place, flags=(), gateways: int = 1, config: dict = {}):
        self.place = place
        self.nats = Nats(place)
        shared = {"bus": f"nats://{self.nats.address}"}
        self.world = Server(place, {**shared, **config, "role": WORLD}, flags=flags)
        self.gateways = [Server(place, {**shared, "role": "gateway"}, data=self.world.data) for _ in range(gateways)]
        self.data = self.world.data
        self.settle()

    def __getattr__(self, name: str):
        return getattr(self.gateways[0], name)

    def settle(self) -> None:
        for gateway in self.gateways:
            gateway.wait_until("a gateway has found the worlds", lambda: gateway.ready()["ready"])

    def start(self) -> None:
        self.world.start()
        for gateway in self.gateways:
            gateway.start()
        self.settle()

    def kill(self, how: int) -> int:
        """The door first, as whoever ends a fleet in order does; the first status that is not 0."""
        ended = [one.kill(how) for one in [*self.gateways, self.world]]
        return next((status for status in ended if status != 0), 0) if how == signal.SIGTERM else ended[0]
