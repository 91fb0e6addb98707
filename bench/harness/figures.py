"""From samples to what is printed: medians, spread, ratios, goals, lines of JSON, the table. Pure."""
import dataclasses
import difflib
import json
import math
import operator
import re

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values, share):
    """The least value that `share` of all values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def spread(values):
    """From the least to the most, as a share of the median: 0.1 = all runs lie within a tenth of it."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def ratio(ours, peer, better):
    """Above 1 means that Troupe is better. Two noughts are equal; a nought where less is better cannot be beaten."""
    if ours == peer:
        return 1.0
    over, under = (ours, peer) if better == "higher" else (peer, ours)
    return over / under if under else float("inf")


def short(value):
    """Four digits that count, and no more than that."""
    if math.isinf(value):
        return value
    return float(f"{value:.4g}") if abs(value) < 10_000 else round(value)


@dataclasses.dataclass(frozen=True)
class Goal:
    """`ratio >= 5` or `ours < 2`: what the benchmark is meant to reach."""
    text: str

    def met(self, row):
        parts = re.fullmatch(r"(ratio|ours) (<|<=|>|>=) ([\d.]+)", self.text)
        if not parts:
            raise ValueError(f"not a goal: {self.text}")
        return SIGNS[parts[2]](row[parts[1]], float(parts[3]))


def compare(name, unit, better, ours, peer, peer_name, goal=None):
    """One result. `ours` and `peer` are the values of the runs; a peer that is a limit is a single number."""
    peers = peer if isinstance(peer, list) else [peer]
    row = {"name": name, "unit": unit, "ours": short(median(ours)), "peer": short(median(peers)), "peer_name": peer_name,
           "ratio": short(ratio(median(ours), median(peers), better)), "better": better, "runs": len(ours),
           "spread": short(spread(ours)), "peer_spread": short(spread(peers))}
    if goal:
        row["goal"] = goal
        row["met"] = Goal(goal).met(row)
    return row


def compare_tail(name, unit, share, ours, peer, peer_name, goal=None):
    """Where less is better: the value that `share` of all values of all runs do not exceed. `ours` and `peer` are lists of runs,
    each a list of values; the spread is of the runs' own percentiles."""
    def of_all(runs):
        return [percentile([value for run in runs for value in run], share)]

    row = compare(name, unit, "lower", of_all(ours), of_all(peer), peer_name, goal)
    own, theirs = ([percentile(run, share) for run in runs] for runs in (ours, peer))
    return {**row, "runs": len(ours), "spread": short(spread(own)), "peer_spread": short(spread(theirs)),
            "values": sum(map(len, ours))}


def line(row):
    """JSON has no infinity: the ratio to a nought is null."""
    return json.dumps({**row, "ratio": None if math.isinf(row["ratio"]) else row["ratio"]}, ensure_ascii=False)


COLUMNS = (("benchmark", "<"), ("ours", ">"), ("peer", ">"), ("unit", "<"), ("ratio", ">"), ("spread", ">"), ("goal", "<"),
           ("", "<"), ("peer is", "<"))


def table(rows):
    cells = [[title for title, _ in COLUMNS]]
    for row in rows:
        verdict = {True: "met", False: "MISSED"}.get(row.get("met"), "")
        cells.append([row["name"], f"{row['ours']:g}", f"{row['peer']:g}", row["unit"], f"{row['ratio']:.2f}",
                      f"{100 * max(row['spread'], row['peer_spread']):.0f} %", row.get("goal", ""), verdict, row["peer_name"]])
    widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
    lines = ["  ".join(f"{cell:{COLUMNS[i][1]}{widths[i]}}" for i, cell in enumerate(row)).rstrip() for row in cells]
    return "\n".join(lines)


def unknown(name, names):
    nearest = difflib.get_close_matches(name, names, 1, 0.4)
    return f"no benchmark '{name}'; " + (f"did you mean '{nearest[0]}'?" if nearest else f"there are: {', '.join(names)}")
