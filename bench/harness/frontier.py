"""A picture of what is won against what it costs: left is faster, up is better. SVG by hand. Pure.

The time is drawn on a logarithmic axis. The line joins what nothing else beats in both figures. Colours follow the page,
light or dark.
"""
import dataclasses
import html
import math

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 48, 52
TEXT, LETTER, LINE = 12, 6.7, 14  # size of a label, width of a letter, height of a line
COLOURS = (("#1f6fb5", "#6cb2f0"), ("#b3541e", "#f0a36c"), ("#3a7d44", "#7fd08c"), ("#7a4fa3", "#c3a1e6"), ("#8a6d00", "#e0c34d"))


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float
    label: str
    series: str
    peer: bool = False


def frontier(points):
    """The points that are better than all faster ones, from the fastest to the best."""
    kept = []
    for point in sorted(points, key=lambda p: (p.x, -p.y)):
        if not kept or point.y > kept[-1].y:
            kept.append(point)
    return kept


def ticks(low, high):
    """1, 2 and 5 times the powers of ten between the two."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [step * 10 ** power for power in powers for step in (1, 2, 5) if low <= step * 10 ** power <= high]


class Scale:
    def __init__(self, points, goal):
        xs = [p.x for p in points] + ([goal[0]] if goal else [])
        ys = [p.y for p in points] + ([goal[1]] if goal else [])
        self.x_low, self.x_high = min(xs) / 1.5, max(xs) * 1.5
        self.y_low, self.y_high = max(0, math.floor(10 * min(ys) - 0.5) / 10), min(1, math.ceil(10 * max(ys) + 0.5) / 10)

    def x(self, value):
        share = (math.log(value) - math.log(self.x_low)) / (math.log(self.x_high) - math.log(self.x_low))
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - TOP - BOTTOM)


def place_labels(points, scale):
    """Beside each point, where no other label or point is: right, left, then lower and higher."""
    taken = [(scale.x(p.x) - 5, scale.y(p.y) - 5, scale.x(p.x) + 5, scale.y(p.y) + 5) for p in points]
    placed = []
    for index, point in enumerate(points):
        x, y, width = scale.x(point.x), scale.y(point.y), LETTER * len(point.label)
        spots = [(x + 9 if right else x - 9 - width, y + 4 + sign * LINE * step) for step in range(6) for sign in (1, -1)
                 for right in (True, False)]
        boxes = [(left, base - 11, left + width, base + 3) for left, base in spots]
        others = taken[:index] + taken[index + 1:]
        free = [box for box in boxes if LEFT < box[0] and box[2] < WIDTH - 4 and TOP - 8 < box[1] and box[3] < HEIGHT - BOTTOM
                and not any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)]
        box = (free or boxes)[0]
        taken.append(box)
        placed.append((box[0], box[3] - 3))
    return placed


def style(series):
    def rules(dark):
        ink, faint, zone = ("#e6edf3", "#3d444d", "#23863640") if dark else ("#1f2328", "#d1d9e0", "#1a7f371f")
        own = "".join(f".s{i}{{fill:{pair[dark]};stroke:{pair[dark]}}}" for i, pair in zip(range(len(series)), COLOURS))
        return f"text{{fill:{ink}}}.grid{{stroke:{faint}}}.line{{stroke:{ink}}}.zone{{fill:{zone}}}{own}"
    return (f"<style>text{{font:{TEXT}px sans-serif;stroke:none}}.title{{font-size:16px;font-weight:600}}.peer{{fill:none}}"
            f"{rules(0)}.peer{{fill:none;stroke-width:2}}@media(prefers-color-scheme:dark){{{rules(1)}.peer{{fill:none}}}}</style>")


def axes(scale, x_label, y_label):
    low, high = HEIGHT - BOTTOM, TOP
    out = []
    for value in ticks(scale.x_low, scale.x_high):
        x = scale.x(value)
        out.append(f'<line class="grid" x1="{x:.1f}" y1="{low}" x2="{x:.1f}" y2="{high}"/>'
                   f'<text x="{x:.1f}" y="{low + 17}" text-anchor="middle">{value:g}</text>')
    for tenth in range(math.ceil(10 * scale.y_low - 1e-9), math.floor(10 * scale.y_high + 1e-9) + 1):
        y = scale.y(tenth / 10)
        out.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
                   f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10 * tenth} %</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{html.escape(x_label)}</text>'
               f'<text x="20" y="{(low + high) / 2}" text-anchor="middle" '
               f'transform="rotate(-90 20 {(low + high) / 2})">{html.escape(y_label)}</text>')
    return out


def svg(title, x_label, y_label, points, goal=None):
    """`goal`: (x at most, y at least), drawn as a field. Points of a series share a colour; peers are hollow."""
    scale = Scale(points, goal)
    series = list(dict.fromkeys(point.series for point in points))
    if len(series) > len(COLOURS):
        raise ValueError(f"{len(series)} series, but {len(COLOURS)} colours")
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
           f"<title>{html.escape(title)}</title>", style(series), f'<text class="title" x="{LEFT}" y="26">{html.escape(title)}</text>']
    if goal:
        x, y = scale.x(goal[0]), scale.y(goal[1])
        out.append(f'<rect class="zone" x="{LEFT}" y="{TOP}" width="{x - LEFT:.1f}" height="{y - TOP:.1f}"/>'
                   f'<text x="{LEFT + 8}" y="{TOP + 16}">goal</text>')
    out += axes(scale, x_label, y_label)
    path = " ".join(f"{scale.x(p.x):.1f},{scale.y(p.y):.1f}" for p in frontier(points))
    out.append(f'<polyline class="line" fill="none" stroke-dasharray="4 4" points="{path}"/>')
    for point, (x, y) in zip(points, place_labels(points, scale)):
        kind = f"s{series.index(point.series)}" + (" peer" if point.peer else "")
        out.append(f'<circle class="{kind}" cx="{scale.x(point.x):.1f}" cy="{scale.y(point.y):.1f}" r="5"/>'
                   f'<text x="{x:.1f}" y="{y:.1f}">{html.escape(point.label)}</text>')
    return "\n".join(out) + "\n</svg>\n"
