"""Bytes of a weather event on the wire, against what a client of the JSON socket gets.

Real events of 30 days of Lanternfall in its ninth year. `traced`: a designer changed the weather in a traced call, whose
26 bytes of trace context the event carries on.
"""
from harness.figures import compare
from harness.program import Program

DAYS, SEEDS = 30, 5
LIMIT, GOAL = 100.0, "ours <= 100"


def run(tell):
    sizes = {"envelope": [], "traced": [], "frame": [], "json": []}
    with Program("weather_event") as ours:
        for seed in range(1, SEEDS + 1):
            tell(f"seed {seed} of {SEEDS}")
            for kind, bytes_each in ours.ask("days", DAYS, seed).items():
                sizes[kind] += bytes_each
    return [
        compare("weather_event.envelope", "bytes", "lower", sizes["envelope"], sizes["json"], "the JSON socket", GOAL),
        compare("weather_event.socket_frame", "bytes", "lower", sizes["frame"], sizes["json"], "the JSON socket", GOAL),
        compare("weather_event.largest", "bytes", "lower", [max(sizes["envelope"])], LIMIT, "limit", GOAL),
        compare("weather_event.traced", "bytes", "lower", [max(sizes["traced"])], LIMIT, "limit", GOAL),
    ]
