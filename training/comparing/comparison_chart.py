"""Accuracy with its interval against tokens per answer, as an SVG that any page can show, the frontier as a line."""

import math
from collections.abc import Sequence
from html import escape

from training.comparing.scoreboard import Line

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 56, 24, 20, 46
INK, PALE, ACCENT = "#6b7280", "#9ca3af", "#0f766e"  # greys and a green that hold on light and dark pages


def chart(lines: Sequence[Line]) -> str:
    """The chart's SVG text; points carry the numbers of their lines, from 1."""
    top = _round_up(max((line.tokens or 0 for line in lines), default=1) * 1.08)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Accuracy against tokens per answer" font-family="system-ui, sans-serif" font-size="13" '
        f'fill="{INK}">',
        *_axes(top),
        *_frontier(lines, top),
    ]
    for number, line in enumerate(lines, 1):
        parts += _point(number, line, top)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(top: float) -> list[str]:
    parts = []
    for tick in range(6):
        y, x = _y(tick / 5), _x(top * tick / 5, top)
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{PALE}" stroke-width="0.5"/>',
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{20 * tick} %</text>',
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{top * tick / 5:,.0f}</text>',
        ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">Tokens per answer</text>']


def _frontier(lines: Sequence[Line], top: float) -> list[str]:
    known = sorted((line.tokens, line.accuracy) for line in lines if line.on_frontier and line.tokens is not None)
    points = " ".join(f"{_x(tokens, top)},{_y(accuracy or 0.0)}" for tokens, accuracy in known)
    return [f'<polyline points="{points}" fill="none" stroke="{ACCENT}" stroke-dasharray="4 4"/>'] if known else []


def _point(number: int, line: Line, top: float) -> list[str]:
    if line.accuracy is None or line.tokens is None or line.low is None or line.high is None:
        return []
    x, y, colour = _x(line.tokens, top), _y(line.accuracy), ACCENT if line.on_frontier else INK
    return [
        f'<line x1="{x}" x2="{x}" y1="{_y(line.low)}" y2="{_y(line.high)}" stroke="{colour}" stroke-width="2"/>',
        f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"><title>{escape(line.name)}</title></circle>',
        f'<text x="{x + 9}" y="{y - 6}" font-weight="600">{number}</text>',
    ]


def _round_up(value: float) -> float:
    """The next end of an axis whose fifths are round."""
    size = 10.0 ** math.floor(math.log10(max(value, 1)))
    return next(size * end for end in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 10) if size * end >= value)


def _x(tokens: float, top: float) -> float:
    return round(LEFT + tokens / top * (WIDTH - LEFT - RIGHT), 1)


def _y(accuracy: float) -> float:
    return round(TOP + (1 - accuracy) * (HEIGHT - TOP - BOTTOM), 1)
