"""Pictures of results as SVG by hand: how values are distributed, bars beside each other, all ratios at once. Pure.

Colours follow the page, light or dark.
"""
import html
import math

from harness.frontier import COLOURS, ticks

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 860, 76, 24, 48, 52
BAR, GAP = 16, 6


def style(series):
    pick = "".join(f".s{i}{{fill:{light};stroke:{light}}}" for i, (light, _) in enumerate(COLOURS[:series]))
    dark = "".join(f".s{i}{{fill:{colour};stroke:{colour}}}" for i, (_, colour) in enumerate(COLOURS[:series]))
    return ("<style>text{font:12px system-ui,sans-serif;fill:#333}.title{font-size:16px;font-weight:600}.grid{stroke:#ddd}"
            f".one{{stroke:#888}}.curve{{fill:none;stroke-width:2.5}}.met{{fill:#3a7d44}}.missed{{fill:#b3541e}}{pick}"
            "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.met{fill:#7fd08c}.missed{fill:#f0a36c}"
            f"{dark}}}</style>")


def page(title, height, series, parts):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">\n'
            f'<title>{html.escape(title)}</title>{style(series)}<text class="title" x="24" y="26">{html.escape(title)}</text>\n')
    return head + "\n".join(parts) + "\n</svg>\n"


def log_scale(low, high, left, right):
    return lambda value: left + (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)) * (right - left)


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def legend(names, y):
    out, x = [], LEFT
    for number, name in enumerate(names):
        out.append(f'<rect class="s{number}" x="{x}" y="{y - 9}" width="10" height="10"/>' + text(x + 15, y, name))
        x += 30 + int(6.7 * len(name))
    return out


def distribution(title, x_label, series, limit=None):
    """`series`: name -> values above 0. The share of the values that do not exceed x, x logarithmic; `limit` is drawn upright."""
    height = 420
    every = [value for values in series.values() for value in values]
    x = log_scale(min(every) / 1.2, max(every) * 1.2, LEFT, WIDTH - RIGHT)
    low, high = height - BOTTOM, TOP + 22
    parts = legend(series, 46)
    for value in ticks(min(every) / 1.2, max(every) * 1.2):
        parts.append(f'<line class="grid" x1="{x(value):.1f}" y1="{high}" x2="{x(value):.1f}" y2="{low}"/>'
                     + text(x(value), low + 17, f"{value:g}", "middle"))
    for share in (0, 25, 50, 75, 100):
        y = low - share / 100 * (low - high)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>' + text(LEFT - 8, y + 4, f"{share} %", "end"))
    if limit:
        parts.append(f'<line class="one" stroke-dasharray="5 4" x1="{x(limit):.1f}" y1="{high}" x2="{x(limit):.1f}" y2="{low}"/>')
    for number, values in enumerate(series.values()):
        points, before = [], 0.0
        for count, value in enumerate(sorted(values), 1):
            points += [(x(value), before), (x(value), count / len(values))]
            before = count / len(values)
        path = " ".join(f"{at:.1f},{low - share * (low - high):.1f}" for at, share in points)
        parts.append(f'<polyline class="curve s{number}" style="fill:none" points="{path}"/>')
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, height - 14, x_label, "middle"))
    return page(title, height, len(series), parts)


def bars(title, groups):
    """`groups`: name -> {series -> share}. A bar for each, in per cent."""
    series = list(next(iter(groups.values())))
    left, y, parts = 190, 66, legend(series, 46)
    for group, values in groups.items():
        parts.append(text(left - 10, y + len(series) * (BAR + 2) / 2 + 4, group, "end"))
        for number, name in enumerate(series):
            wide = values[name] * (WIDTH - left - 80)
            parts.append(f'<rect class="s{number}" x="{left}" y="{y}" width="{max(wide, 0.5):.1f}" height="{BAR}"/>'
                         + text(left + wide + 6, y + 12, f"{100 * values[name]:.0f} %"))
            y += BAR + 2
        y += 12
    return page(title, y + 10, len(series), parts)


def ratios(title, rows):
    """Every result with a goal: how many times better than its peer (or its limit), logarithmic, and whether the goal is met."""
    shown = [row for row in rows if "goal" in row]
    known = [row["ratio"] for row in shown if row["ratio"] and not math.isinf(row["ratio"])]
    low, high = min([0.5, *known]) / 1.3, max([2, *known]) * 1.3
    left, right = 310, WIDTH - 220
    x, height = log_scale(low, high, left, right), TOP + len(shown) * (BAR + GAP) + 40
    parts = []
    for value in ticks(low, high):
        if len(ticks(low, high)) <= 9 or f"{value:g}".lstrip("0.").startswith("1"):
            parts.append(f'<line class="grid" x1="{x(value):.1f}" y1="{TOP}" x2="{x(value):.1f}" y2="{height - 36}"/>'
                         + text(x(value), height - 18, f"{value:g}", "middle"))
    for number, row in enumerate(shown):
        y = TOP + number * (BAR + GAP)
        ratio = row["ratio"]
        beyond = ratio is None or math.isinf(ratio)
        end = x(high) if beyond else x(max(ratio, low))
        start, stop = sorted((x(1), end))
        kind = "met" if row["met"] else "missed"
        parts.append(text(left - 10, y + 12, row["name"][:48], "end")
                     + f'<rect class="{kind}" x="{start:.1f}" y="{y}" width="{max(stop - start, 1):.1f}" height="{BAR}"/>'
                     + text(right + 10, y + 12, ("more" if beyond else f"{ratio:.3g}") + f" ({row['goal']}: {kind})"))
    parts.append(f'<line class="one" x1="{x(1):.1f}" y1="{TOP - 4}" x2="{x(1):.1f}" y2="{height - 36}"/>')
    return page(title, height, 0, parts)
