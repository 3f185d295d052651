"""Areas drawn by hand: few vertices, and the even-odd rule in SQL."""

import math

import duckdb
import numpy as np
import pytest

from curation.errors import UserError
from curation.query.filters import Filter
from curation.query.lasso import VERTICES, Lasso

SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))


def inside(area: Lasso, *points: tuple[float | None, float | None]) -> list[bool | None]:
    rows = ", ".join(f"({n}, {_sql(x)}::DOUBLE, {_sql(y)}::DOUBLE)" for n, (x, y) in enumerate(points))
    query = f'SELECT {area.where()} FROM (VALUES {rows}) t(n, "x", "y") ORDER BY n'
    return [row[0] for row in duckdb.sql(query).fetchall()]


def _sql(value: float | None) -> str:
    return "NULL" if value is None else repr(value)


def test_points_within_a_square_are_inside():
    area = Lasso(x="x", y="y", points=SQUARE)
    assert inside(area, (1.0, 1.0), (3.0, 1.0), (1.0, -1.0), (0.1, 1.9)) == [True, False, False, True]


def test_a_hole_made_by_crossing_lines_is_outside():
    bow = Lasso(x="x", y="y", points=((0, 0), (4, 4), (4, 0), (0, 4)))
    assert inside(bow, (0.5, 2.0), (3.5, 2.0), (2.0, 3.5), (2.0, 0.5)) == [True, True, False, False]


def test_an_unknown_place_is_nowhere():
    assert inside(Lasso(x="x", y="y", points=SQUARE), (None, 1.0)) == [None]


def test_a_hand_drawn_circle_keeps_few_vertices_and_the_points_within():
    turns = np.linspace(0, 2 * math.pi, 900, endpoint=False)
    wobble = 1 + 0.02 * np.sin(turns * 37)
    drawn = list(zip(3000 + 1000 * wobble * np.cos(turns), 0.5 + 0.1 * wobble * np.sin(turns), strict=True))
    area = Lasso.around("x", "y", drawn)
    assert area is not None
    assert len(area.points) <= VERTICES
    assert len(Filter(lasso=area).to_query()) < 1500
    random = np.random.default_rng(0)
    places = list(zip(random.uniform(1800, 4200, 400).tolist(), random.uniform(0.38, 0.62, 400).tolist(), strict=True))
    distance = [math.hypot((x - 3000) / 1000, (y - 0.5) / 0.1) for x, y in places]
    clear = [n for n, far in enumerate(distance) if abs(far - 1) > 0.05]
    found = inside(area, *places)
    assert [found[n] for n in clear] == [distance[n] < 1 for n in clear]


@pytest.mark.parametrize("points", [[], [(0, 0), (1, 1)], [(0, 0), (0, 1), (0, 2)], [(1, 1), (1, 1), (1, 1)]])
def test_what_encloses_nothing_is_no_area(points):
    assert Lasso.around("x", "y", points) is None


def test_an_area_travels_in_the_address():
    chosen = Filter(lasso=Lasso(x="map_x", y="map_y", points=SQUARE))
    assert Filter.from_query(chosen.to_query()) == chosen
    assert chosen.to_query() == (
        '{"lasso":{"points":[[0.0,0.0],[2.0,0.0],[2.0,2.0],[0.0,2.0]],"x":"map_x","y":"map_y"}}'
    )


def test_an_area_needs_numbers_that_exist():
    area = Lasso(x="n_chars", y="model", points=SQUARE)
    with pytest.raises(UserError, match="The filter gives a drawn area for 'model', which is a category"):
        Filter(lasso=area).where({"n_chars": "number", "model": "category"})
    with pytest.raises(UserError, match="Unknown score in the filter 'model'"):
        Filter(lasso=area).where({"n_chars": "number"})
    with pytest.raises(UserError, match="The filter in the address cannot be read"):
        Filter.from_query('{"lasso": {"x": "a", "y": "b", "points": [[0, 0], [1, 1]]}}')
