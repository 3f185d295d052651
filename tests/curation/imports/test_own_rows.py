"""Rows that say they are Winnow's own, and are not."""

import json

import pytest

from curation.imports.layouts import Context, convert
from curation.imports.mapping import Mapping
from curation.table import to_table

ROW = {"question": "1 + 1?", "reasoning": "Two.", "answer": "2", "extra": "{}",
       "segments": [{"start": 0, "stop": 4, "kind": "attempt"}]}  # fmt: skip
AT = Context("file.jsonl", 1, "file")


def converted(**changes):
    return convert({**ROW, **changes}, Mapping(layout="winnow"), AT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": 5}, "Winnow cannot have written its model"),
        ({"sample": 2**31}, "Winnow cannot have written its sample"),
        ({"sample": False}, "Winnow cannot have written its sample"),
        ({"form": "poem"}, "Winnow cannot have written its form"),
        ({"media": [1]}, "Winnow cannot have written its media"),
        ({"segments": [{"start": 0, "stop": 99, "kind": "attempt"}]}, "do not tile"),
        ({"segments": [{"start": False, "stop": 4, "kind": "attempt"}]}, "do not tile"),
        ({"segments": [{"start": 0, "stop": 4.0, "kind": "attempt"}]}, "do not tile"),
        ({"segments": [{"start": 0, "stop": 4, "kind": "joke"}]}, "no known kind"),
        ({"segments": [{"start": 0}]}, "does not fit the winnow layout"),
    ],
)
def test_what_winnow_cannot_have_written_is_quarantined(changes, reason):
    found = converted(**changes)
    assert found.traces == []
    assert reason in found.reasons[0]


@pytest.mark.parametrize("extra", ["no json", "[1]", None, "[" * 5000])
def test_other_values_that_are_no_object_become_one(extra):
    assert json.loads(converted(extra=extra).traces[0].extra) == {"extra": extra}


def test_a_row_with_its_texts_alone_is_a_trace():
    texts = {name: ROW[name] for name in ("question", "reasoning", "answer")}
    (trace,) = convert(texts, Mapping(layout="winnow"), AT).traces
    assert (trace.model, trace.form, trace.sample, trace.segments) == ("", "cot", 0, ())
    assert to_table([trace]).num_rows == 1
