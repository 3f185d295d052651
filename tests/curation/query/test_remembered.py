from functools import cached_property

import pyarrow as pa

from curation.query.filters import Filter
from curation.query.remembered import MOST, Answers, remembered

LONG = Filter(ranges={"n_tokens": (100, None)})
DROPPED = Filter(values={"decision": ("drop",)})


class Counting:
    """Data that say how often they were looked at."""

    def __init__(self) -> None:
        self.version, self.labelled, self.looks = 0, 0, list[str]()

    @cached_property
    def answers(self) -> Answers:
        return Answers()

    @remembered
    def rows(self, chosen: Filter, name: str = "n_tokens") -> int:
        self.looks.append(name)
        return len(self.looks)


def test_a_question_is_looked_up_once_and_another_one_apart():
    data = Counting()
    assert [data.rows(LONG), data.rows(LONG), data.rows(Filter()), data.rows(LONG, name="n_chars")] == [1, 1, 2, 3]
    assert data.looks == ["n_tokens", "n_tokens", "n_chars"]


def test_new_traces_or_scores_make_every_answer_anew():
    data = Counting()
    assert data.rows(LONG) == 1
    data.version += 1
    assert data.rows(LONG) == 2


def test_a_label_makes_only_those_answers_anew_that_are_about_labels():
    data = Counting()
    asked = (LONG, DROPPED, Filter(sql="noted"))
    assert [data.rows(chosen) for chosen in asked] == [1, 2, 3]
    assert data.rows(LONG, "decision") == 4
    data.labelled += 1
    assert [data.rows(chosen) for chosen in asked] == [1, 5, 6]
    assert data.rows(LONG, "decision") == 7


def test_the_answers_longest_unused_are_forgotten_when_they_grow_too_large():
    answers = Answers()
    table = pa.table({"x": pa.nulls(MOST // 3, pa.int8())})
    assert table.nbytes > MOST // 4
    for name in ("first", "second", "first", "third"):
        answers.get(name, lambda: table)
    looked = []
    for name in ("first", "second", "third"):
        answers.get(name, lambda name=name: looked.append(name))
    assert looked == ["second"]
