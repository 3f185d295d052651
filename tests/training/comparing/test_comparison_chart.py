import re
from xml.etree import ElementTree

from answered import evaluated

from training.comparing.comparison_chart import chart
from training.comparing.scoreboard import scoreboard

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*found):
    return ElementTree.fromstring(chart(scoreboard(found)))


def test_every_known_student_is_a_numbered_point_with_its_interval():
    page = drawn(
        evaluated("a<b", {"p": [1], "q": [0]}, tokens=109), evaluated("b", {"p": [1]}, trained_on="p"),
        evaluated("c", {"p": [0], "q": [0]}, tokens=50),
    )  # fmt: skip
    assert [title.text for title in page.iter(f"{SVG}title")] == ["a<b, greedy", "c, greedy"]
    assert [text.text for text in page.iter(f"{SVG}text") if text.get("font-weight")] == ["1", "3"]
    ticks = [text.text for text in page.iter(f"{SVG}text") if re.fullmatch(r"\d+", text.text)]
    assert ticks == ["0", "25", "50", "75", "100", "125", "1", "3"]


def test_the_line_joins_the_frontier_only():
    page = drawn(
        evaluated("good", {"p": [1]}, tokens=100), evaluated("bad", {"p": [0]}, tokens=200),
        evaluated("short", {"p": [0]}, tokens=10),
    )  # fmt: skip
    (line,) = page.iter(f"{SVG}polyline")
    assert len(line.get("points").split()) == 2


def test_without_figures_there_are_axes_only():
    page = drawn(evaluated("a", {"p": [1]}, trained_on="p"))
    assert list(page.iter(f"{SVG}circle")) + list(page.iter(f"{SVG}polyline")) == []
