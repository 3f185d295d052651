import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from answered import evaluated

from curation.errors import UserError
from training.comparing.comparison_report import about, report, sentence, to_csv, to_html, to_json, to_markdown, write

BAD = '=<script>alert("x")</script>|`*'
BASE = evaluated("base", {"p": [0], "q": [1], "r": [0]})
GOOD = evaluated(BAD, {"p": [1], "q": [1], "r": [1]}, trained_on="r", tokens=20)
MADE = report([GOOD, BASE], BASE, price=1e5)


class Page(HTMLParser):
    """The tags of a page and everything they link to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "data", "action", "poster")]


def test_csv_has_a_row_an_evaluation_and_guards_against_formulas():
    rows = list(csv.DictReader(io.StringIO(to_csv(MADE))))
    assert [row["student"] for row in rows] == [f"'{BAD}", "base"]
    assert (rows[0]["accuracy"], rows[0]["n"], rows[0]["contaminated"], rows[0]["cost"]) == ("1.0", "2", "1", "4.0")
    assert (rows[0]["difference"], rows[0]["compared"], rows[0]["test"]) == ("0.5", "2", "McNemar")
    assert (rows[1]["difference"], rows[1]["contaminated"]) == ("", "")


def test_markdown_says_everything_in_words_with_signs_escaped():
    text = to_markdown(MADE)
    assert r"=\<script\>alert(" in text
    assert r"\|\`\*" in text
    assert "trained on 1 of 3 problems; figures are of the other 2" in text
    assert "not trained here, so unknown" in text
    assert "The baseline is base, greedy. Problems are paired." in text
    assert "Compared on 2 problems; left out: 1 that one of them saw in training." in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {13}


def test_html_is_escaped_and_needs_nothing_from_elsewhere():
    text = to_html(MADE)
    page = Page(text)
    assert "script" not in page.tags
    assert page.links == []
    assert "&lt;script&gt;" in text
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "prefers-color-scheme: dark" in text
    assert page.tags.count("svg") == 1
    assert "<td>seen in training, right</td>" in text


def test_json_is_for_programs():
    values = json.loads(to_json(MADE))
    assert values["baseline"] == "base"
    assert [line["accuracy"] for line in values["lines"]] == [1.0, 1 / 3]
    assert values["comparisons"][0]["agreement"] == {"both": 1, "only_a": 1, "only_b": 0, "neither": 0}


def test_what_cannot_be_compared_says_why():
    made = report([BASE, evaluated("other", {"z": [1]})], BASE)
    assert sentence(made.against[0]).startswith("other, greedy and base, greedy share 0 problems of 1 and 3")
    assert json.loads(to_json(made))["comparisons"][0]["refused"] is not None


def test_several_comparisons_name_their_correction():
    others = [evaluated(name, {"p": [1], "q": [1], "r": [1]}) for name in ("one", "two")]
    assert about(report([BASE, *others], BASE)).endswith("p values of 2 comparisons with Holm's correction.")


@pytest.mark.parametrize("ending", ["html", "md", "csv"])
def test_the_ending_of_the_file_decides(tmp_path, ending):
    path = tmp_path / "new" / f"told.{ending}"
    write(MADE, path)
    assert path.read_text() == {"html": to_html, "md": to_markdown, "csv": to_csv}[ending](MADE)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written to 'told.pdf'; its name ends in .html, .md, .csv"):
        write(MADE, tmp_path / "told.pdf")
