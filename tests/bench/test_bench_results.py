import pytest

from tests.bench.figures import Figure, Line, keep, read
from tests.bench.results import render


def line(name, value, rows, at="2026-11-21T23:00", machine="2 cores, 24 GiB", **others):
    return Line(Figure(name, value, others.pop("unit", "traces/s"), rows, **others), machine, at, 0.5)


def table(page):
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in page.split("\n") if row.startswith("|")]


@pytest.mark.parametrize(
    ("asked", "met"), [("figure <= 10", True), ("figure <= 9", False), ("ratio >= 5", True), ("ratio >= 6", False)]
)
def test_a_figure_or_its_ratio_is_held_against_what_is_asked(asked, met):
    assert Figure("recipe", 10, "traces/s", 100, "datatrove", 2, asked).met is met


def test_nothing_is_met_where_nothing_is_asked_nor_a_ratio_without_its_peer():
    assert Figure("recipe", 10, "traces/s", 100).met is None
    assert Figure("recipe", 10, "traces/s", 100, asked="ratio >= 5").met is False


def test_kept_figures_are_read_again_and_the_newest_of_a_measure_and_size_wins(tmp_path):
    first = keep(Figure("filter", 80, "ms", 1000, "plain SQL", 40, "figure <= 100"), tmp_path)
    other = keep(Figure("filter", 90, "ms", 2000), tmp_path)
    assert read(tmp_path) == [first, other]
    again = keep(Figure("filter", 70, "ms", 1000), tmp_path)
    assert read(tmp_path) == [again, other]


def test_the_page_shows_figure_ratio_and_whether_it_is_as_asked():
    page = render([line("import jsonl", 900, 1000, beside="DuckDB's own reader", other=1000, asked="ratio >= 0.8")])
    assert table(page)[2] == [
        "import jsonl", "1,000", "900 traces/s", "DuckDB's own reader: 1,000", "0.90", "ratio >= 0.8", "yes",
        "2026-11-21T23:00, load 0.5",
    ]  # fmt: skip


def test_the_cost_of_a_row_is_told_where_a_pace_is_known_at_two_sizes():
    page = render([line("recipe", 1000, 10_000), line("open", 5, 10_000, unit="ms"), line("recipe", 500, 1_000_000)])
    assert [row[:3] + row[5:7] for row in table(page)[2:]] == [
        ["recipe", "10,000", "1,000 traces/s", "", ""],
        ["recipe", "1,000,000", "500 traces/s", "", ""],
        ["a row's cost, recipe", "1,000,000", "2.00 x that among 10,000", "figure <= 1.2", "**no**"],
        ["open", "10,000", "5.00 ms", "", ""],
    ]


def test_machines_have_tables_of_their_own():
    page = render(
        [line("recipe", 1, 10, machine="2 cores, 24 GiB"), line("recipe", 9, 10, machine="64 cores, 512 GiB")]
    )
    assert [text for text in page.split("\n") if text.startswith("## ")] == [
        "## 2 cores, 24 GiB",
        "## 64 cores, 512 GiB",
    ]
