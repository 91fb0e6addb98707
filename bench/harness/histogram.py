"""Prometheus histograms as text, and quantiles of what came between two looks at one. Pure."""
import re


def buckets(text, name):
    """Upper bound -> how many values do not exceed it, over all labels."""
    out = {}
    for bound, count in re.findall(rf'^{name}_bucket\{{[^}}]*le="([^"]+)"[^}}]*\}} (\S+)', text, re.M):
        out[float(bound)] = out.get(float(bound), 0) + float(count)
    return out


def between(before, after):
    return {bound: count - before.get(bound, 0) for bound, count in after.items()}


def quantile(counts, share):
    """As Prometheus has it: evenly spread inside of a bucket; the last finite bound for what lies above it."""
    bounds = sorted(counts)
    wanted, below, low = share * counts[bounds[-1]], 0.0, 0.0
    for bound in bounds:
        if counts[bound] >= wanted and counts[bound] > below:
            return low if bound == float("inf") else low + (bound - low) * (wanted - below) / (counts[bound] - below)
        below, low = counts[bound], low if bound == float("inf") else bound
    return low
