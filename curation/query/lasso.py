"""Lasso: an area drawn by hand over two scores, small enough for an address, judged in SQL."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from curation.operator import column

VERTICES = 60  # an address stays below 2,000 characters
DIGITS = 4  # of each side of the area: finer than a hand draws
FINEST = 1 / 300  # of a side: what a straightened border may be off
Number = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Number, Number]


class Lasso(BaseModel):
    """A polygon over two number columns; its last vertex joins its first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    x: str = Field(min_length=1)
    y: str = Field(min_length=1)
    points: tuple[Point, ...] = Field(min_length=3, max_length=VERTICES)

    @classmethod
    def around(cls, x: str, y: str, points: Sequence[tuple[float, float]]) -> Self | None:
        """The area a hand drew, with as many vertices as an address holds; None when it encloses nothing."""
        if len(points) < 3:
            return None
        (left, wide), (low, high) = (_extent(side) for side in zip(*points, strict=True))
        if not wide or not high:
            return None
        unit = [((a - left) / wide, (b - low) / high) for a, b in points]
        tolerance, kept = FINEST, simplified(unit, FINEST)
        while len(kept) > VERTICES:
            tolerance *= 1.5
            kept = simplified(unit, tolerance)
        back = [(_rounded(left + a * wide, wide), _rounded(low + b * high, high)) for a, b in kept]
        vertices = tuple(dict.fromkeys(back))
        return cls(x=x, y=y, points=vertices) if len(vertices) >= 3 else None

    def where(self) -> str:
        """The even-odd rule as a SQL condition: a ray to the right crosses the border an odd number of times."""
        x, y = column(self.x), column(self.y)
        xs, ys = zip(*self.points, strict=True)
        box = f"{x} BETWEEN {min(xs)!r} AND {max(xs)!r} AND {y} BETWEEN {min(ys)!r} AND {max(ys)!r}"
        edges = [edge for pair in pairwise([*self.points, self.points[0]]) if (edge := _crossing(x, y, *pair))]
        return f"({box} AND ({' + '.join(edges) or '0'}) % 2 = 1)"


def simplified(points: Sequence[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    """The line without the points that lie within the tolerance of it (Douglas and Peucker)."""
    kept, waiting = {0, len(points) - 1}, [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        far, distance = max(
            ((n, _distance(points[n], points[first], points[last])) for n in range(first + 1, last)),
            key=lambda found: found[1],
            default=(first, 0.0),
        )
        if distance > tolerance:
            kept.add(far)
            waiting += [(first, far), (far, last)]
    return [points[n] for n in sorted(kept)]


def _distance(point: tuple[float, float], start: tuple[float, float], stop: tuple[float, float]) -> float:
    """From a point to a stretch of line."""
    (x, y), (x1, y1), (x2, y2) = point, start, stop
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    share = max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length)) if length else 0.0
    return float(((x - x1 - share * (x2 - x1)) ** 2 + (y - y1 - share * (y2 - y1)) ** 2) ** 0.5)


def _extent(values: Sequence[float]) -> tuple[float, float]:
    """Where values begin, and how far they reach."""
    return min(values), max(values) - min(values)


def _rounded(value: float, extent: float) -> float:
    return round(value, DIGITS - 1 - math.floor(math.log10(extent)))


def _crossing(x: str, y: str, start: Point, stop: Point) -> str:
    """1 where a ray to the right from (x, y) crosses this edge, else 0; nothing for a level edge."""
    (x1, y1), (x2, y2) = sorted((start, stop), key=lambda point: point[1])
    if y1 == y2:
        return ""
    slope = (x2 - x1) / (y2 - y1)
    return f"({y} >= {y1!r} AND {y} < {y2!r} AND {x} < {x1!r} + ({slope!r}) * ({y} - {y1!r}))::INT"
