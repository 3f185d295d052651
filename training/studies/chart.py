"""A dot for each training set with its 95 % interval and its seeds, as an SVG that any page can show."""

from collections.abc import Sequence
from html import escape

Bar = tuple[str, float, float, float, Sequence[float]]
WIDTH, ROW, LEFT, RIGHT, TOP = 720, 44, 150, 40, 56
INK, PALE, ACCENT = "#6b7280", "#9ca3af", "#0f766e"  # greys and a green that hold on light and dark pages


def chart(bars: Sequence[Bar], title: str) -> str:
    """The chart's SVG text; accuracies run from 0 to 1."""
    height = TOP + ROW * len(bars) + 36
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="14" fill="{INK}">',
        f'<text x="{LEFT}" y="24" font-weight="600">{escape(title)}</text>',
    ]
    for tick in range(0, 11, 2):
        x = _x(tick / 10)
        parts.append(
            f'<line x1="{x}" x2="{x}" y1="{TOP - 16}" y2="{height - 30}" stroke="{PALE}" stroke-width="0.5"/>'
        )
        parts.append(f'<text x="{x}" y="{height - 10}" text-anchor="middle">{tick / 10:.1f}</text>')
    for place, bar in enumerate(bars):
        parts += _row(TOP + ROW * place + 8, bar)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(y: int, bar: Bar) -> list[str]:
    name, value, low, high, seeds = bar
    dots = [f'<circle cx="{_x(seed)}" cy="{y + 12}" r="2.5" fill="{PALE}"/>' for seed in seeds]
    return [
        f'<text x="{LEFT - 14}" y="{y + 5}" text-anchor="end">{escape(name)}</text>',
        f'<line x1="{_x(low)}" x2="{_x(high)}" y1="{y}" y2="{y}" stroke="{ACCENT}" stroke-width="3"/>',
        f'<circle cx="{_x(value)}" cy="{y}" r="6" fill="{ACCENT}"/>',
        f'<text x="{_x(high) + 10}" y="{y + 5}">{value:.2f}</text>',
        *dots,
    ]


def _x(value: float) -> float:
    return round(LEFT + value * (WIDTH - LEFT - RIGHT), 1)
