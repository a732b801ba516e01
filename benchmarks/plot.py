"""A bar chart as SVG."""

from collections.abc import Mapping
from html import escape

WIDTH = 860
LABELS = 250
"""The width of the names on the left, in pixels."""
FIGURES = 70
"""The width of the longest bar's figure on the right, in pixels."""
BAR = 15
GAP = 8
COLOURS = ("#2f6f9f", "#9cc3de", "#d98c3a", "#f0cfa0", "#5a9a5a", "#a05a8f")


def bar_chart(title: str, groups: Mapping[str, Mapping[str, float]], *, unit: str) -> str:
    """Return a chart with a group of bars for each name, and a bar in it for each series, all on one scale from zero.

    Args:
        title: the title above the chart.
        groups: the figures by name and series; a group may lack a series.
        unit: the unit of the figures, such as `ms`.

    """
    series = list(dict.fromkeys(each for bars in groups.values() for each in bars))
    colours = {each: COLOURS[i % len(COLOURS)] for i, each in enumerate(series)}
    longest = max((value for bars in groups.values() for value in bars.values()), default=0) or 1
    scale = (WIDTH - LABELS - FIGURES) / longest
    parts, y = _head(title, colours, unit)
    for name, bars in groups.items():
        middle = y + BAR * len(bars) / 2 + 4
        parts.append(f'<text x="{LABELS - 8}" y="{middle:.1f}" text-anchor="end">{escape(name)}</text>')
        for each, value in bars.items():
            parts += _bar(y, value * scale, colours[each], value)
            y += BAR
        y += GAP
    return _document(parts, y)


def _head(title: str, colours: Mapping[str, str], unit: str) -> tuple[list[str], int]:
    parts = [f'<text x="8" y="22" font-size="15" font-weight="bold">{escape(title)}, {escape(unit)}</text>']
    x = LABELS
    for name, colour in colours.items():
        parts.append(f'<rect x="{x}" y="34" width="11" height="11" fill="{colour}"/>')
        parts.append(f'<text x="{x + 16}" y="44">{escape(name)}</text>')
        x += 40 + 7 * len(name)
    return parts, 58


def _bar(y: float, length: float, colour: str, value: float) -> list[str]:
    figure = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return [
        f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{colour}"/>',
        f'<text x="{LABELS + length + 5:.1f}" y="{y + BAR - 4}">{figure}</text>',
    ]


def _document(parts: list[str], height: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#222">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])
