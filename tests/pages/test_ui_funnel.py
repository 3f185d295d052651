import re

from curation.application.report import StepReport
from curation.operators.cut import Cut
from curation.tuning.flips import Flip
from curation.tuning.shift import Fifth, Quartiles, Share, Shift
from pages.ui.tuning import flip_view, funnel, shift_view


def report(step: int, op: str, rows_in: int, rows: int, **values: object) -> StepReport:
    base = {"kind": "selector", "spec": {}, "problems": rows, "chars": 0, "tokens": None}
    return StepReport(step=step, op=op, rows_in=rows_in, rows=rows, **{**base, **values})


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_the_funnel_tells_what_is_left_and_why_rows_went():
    reports = [
        report(1, "keep_where", 100, 60, reasons={"n is above 5": 30, "<b>odd</b>": 10}),
        report(2, "cut", 60, 60, kind="mapper", changed=1200, estimated=True, tokens=900),
    ]
    table = funnel.table(reports, funnel.Start(100, 50, 2000))
    assert words(table) == (
        "Step Rows Problems Tokens At the start 100 50 2,000 "
        "1. keep_where −30 n is above 5 −10 &lt;b&gt;odd&lt;/b&gt; 60 60 not counted "
        "2. cut 1,200 changed about 60 about 60 about 900"
    )
    assert '<div class="w-left" style="width: 60.0%"></div><div class="w-gone" style="width: 40.0%">' in table


def test_a_step_that_makes_more_rows_scales_the_bars():
    table = funnel.table([report(1, "chunk", 10, 40, kind="mapper")], funnel.Start(10))
    assert 'width: 25.0%"></div><div class="w-gone" style="width: 0.0%' in table
    assert 'width: 100.0%"' in table


def test_a_shift_is_one_line_with_figures_and_effect():
    quartiles = (Quartiles(10, 2000, 3000), Quartiles(10, 900.4, 1000))
    number = Shift("n_tokens", "number", (4, 2), (0, 0), -0.4, (Share("1 to 2", 0.5, 1.0, 1, 2),), quartiles)
    category = Shift("model", "category", (4, 2), (0, 0), 0.3, (Share("<i>", 0.5, 0.8), Share("b", 0.5, 0.2)))
    table = shift_view.table([number, category])
    assert words(table) == (
        "Share of rows before after Before → after Effect "
        "Tokens median 2,000 → 900 middle half 10 to 3,000 → 10 to 1,000 medium -0.40 "
        "Model &lt;i&gt; b &lt;i&gt; 50% → 80% b 50% → 20% large 30%"
    )


def test_lost_problems_are_listed_by_difficulty():
    assert words(shift_view.lost([Fifth(0.0, 0.25, 1200, 12)])) == (
        "Difficulty Problems lost 0.00 to 0.25 12 of 1,200 1%"
    )


def test_the_flip_curve_has_a_dot_a_strength_and_marks_the_present_one():
    now = Cut(amount=0.5)
    found = [
        Flip("amount 0.2", Cut(amount=0.2), 20, 10, 1, 0, 100, 80),
        Flip("amount 0.5", now, 20, 10, 4, 0, 100, 50),
    ]
    dots = flip_view.figure(found, now).data[0]
    assert (list(dots.x), list(dots.y)) == ([1 - 80 / 100, 0.5], [0.1, 0.4])
    assert list(dots.marker.size) == [8, 13]
    assert [round(0.4 - 0.168, 2), round(dots.error_y.arrayminus[1], 2)] == [0.23, 0.23]
