"""Bytes of a weather event on the wire, against what a client of the JSON socket gets.

Real events of 30 days of Lanternfall in its ninth year. `largest` is the largest of all, also of those that a designer
caused, which carry a trace.
"""
from harness.figures import compare
from harness.program import Program

DAYS, SEEDS = 30, 5


def run(tell):
    sizes = {"envelope": [], "frame": [], "json": []}
    with Program("weather_event") as ours:
        for seed in range(1, SEEDS + 1):
            tell(f"seed {seed} of {SEEDS}")
            for kind, bytes_each in ours.ask("days", DAYS, seed).items():
                sizes[kind] += bytes_each
    largest = max(sizes["envelope"])
    return [
        compare("weather_event.envelope", "bytes", "lower", sizes["envelope"], sizes["json"], "the JSON socket", "ours <= 100"),
        compare("weather_event.largest", "bytes", "lower", [largest], 100.0, "limit", "ours <= 100"),
        compare("weather_event.socket_frame", "bytes", "lower", sizes["frame"], sizes["json"], "the JSON socket"),
    ]
