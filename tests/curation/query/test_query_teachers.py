"""Teachers compared on the rows of a store, and on the real granularity data."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from curation.comparing.teachers import teachers
from curation.errors import UserError
from curation.imports.run import import_files
from curation.query.filters import Filter
from curation.query.teachers import Compared, compared, flags, judgements, sources
from curation.trace import Problem, Trace
from curation.workspace import Workspace

SHARED = Path(__file__).resolve().parents[3] / "../shared/data/eit_cot_granularity"
LEVELS = tuple(f"SVAMP_ChatGPT_level{level}_ranked" for level in range(1, 7))
TEACHERS = (LEVELS[0], "SVAMP_gemini_level1_ranked", "svamp_human_annotation", "SVAMP_only_ans")


def trace(question, model, right, text="x" * 10, closed=None, cost=None, finish="stop"):
    extra = json.dumps({"generate": {"cost": cost, "finish_reason": finish}}) if cost is not None else "{}"
    return Trace(Problem(question), text, model=model, given_correct=right, closed=closed, extra=extra)


@pytest.fixture
def store(store_of):
    """Ada has a, b, c; Bob has a and b, two traces of b; Cyd has only d."""
    return store_of(
        [
            trace("a", "ada", True, cost=0.5), trace("b", "ada", False, "x" * 30, cost=1.5),
            trace("c", "ada", True, "x" * 50, cost=0.1, finish="length"),
            trace("a", "bob", False, closed=False), trace("b", "bob", True, "x" * 20),
            trace("b", "bob", True, "x" * 40),
            trace("d", "cyd", None),
        ]
    )  # fmt: skip


def counted(store, *names, **fields):
    found = compared(store, Compared("model", names, **fields))
    keys = ("problems", "traces", "judged", "right")
    return {row["name"]: tuple(row[key] for key in keys) for row in found.totals.to_pylist()}, found.shared


def test_sources_are_named_by_any_column_the_commonest_first(store):
    assert list(sources(store, "model", Filter()).items()) == [("ada", 3), ("bob", 3), ("cyd", 1)]
    assert list(sources(store, "model", Filter(values={"model": ("bob",)}))) == ["bob"]
    with pytest.raises(UserError, match=r"'n_chars' does not name who wrote a trace; columns that may: dataset"):
        sources(store, "n_chars", Filter())


def test_shared_problems_are_those_all_chosen_sources_have(store):
    assert counted(store, "ada", "bob") == ({"ada": (2, 2, 2, 1), "bob": (2, 3, 3, 2)}, 2)
    assert counted(store, "ada", "bob", shared=False) == ({"ada": (3, 3, 3, 2), "bob": (2, 3, 3, 2)}, 2)
    assert counted(store, "ada", "bob", "cyd") == ({}, 0)
    assert counted(store, "cyd") == ({"cyd": (1, 1, 0, 0)}, 1)


def test_outcomes_count_problems_by_how_many_attempts_were_right(store):
    found = compared(store, Compared("model", ("ada", "bob", "cyd"), shared=False)).outcomes.to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("ada", 1, 0, 1),
        ("ada", 1, 1, 2),
        ("bob", 1, 0, 1),
        ("bob", 2, 2, 1),
    ]


def test_two_sources_meet_on_the_problems_both_were_judged_on(store):
    found = compared(store, Compared("model", ("ada", "bob", "cyd"), shared=False)).duels.to_pylist()
    assert [tuple(row.values()) for row in found] == [("ada", "bob", 2, 0.5, 0.5, 0.0)]


def test_lengths_are_those_of_the_same_rows(store):
    found = compared(store, Compared("model", ("ada", "bob"))).lengths.to_pylist()
    assert [(row["group"], row["rows"], row["median"]) for row in found] == [("ada", 2, 20), ("bob", 3, 20)]


def test_costs_and_unfinished_traces_are_read_from_what_a_generation_wrote_down(store):
    ada, bob = compared(store, Compared("model", ("ada", "bob"), shared=False)).totals.to_pylist()
    assert (ada["cost"], ada["unfinished"], ada["no_answer"]) == (pytest.approx(2.1), 1 / 3, None)
    assert (bob["cost"], bob["unfinished"], bob["no_answer"]) == (None, 1 / 3, None)
    assert (ada["q1"], ada["median"], ada["q3"]) == (20, 30, 40)


def test_too_few_and_too_many_sources_are_refused(store):
    with pytest.raises(UserError, match="Compare between 1 and 20 of what 'model' names; 0 are chosen"):
        compared(store, Compared("model", ()))
    with pytest.raises(UserError, match="21 are chosen"):
        compared(store, Compared("model", tuple(map(str, range(21)))))


def test_judgements_are_the_rows_where_both_are_known(store):
    assert flags(store) == ["given_correct", "human_correct"]
    first, second = judgements(store, "given_correct", "model", Filter())
    assert sorted(zip(first, second, strict=True)) == [
        (False, "ada"), (False, "bob"), (True, "ada"), (True, "ada"), (True, "bob"), (True, "bob"),
    ]  # fmt: skip
    with pytest.raises(UserError, match="There is no score 'judge'"):
        judgements(store, "judge", "model", Filter())


@pytest.fixture(scope="module")
def granularity(tmp_path_factory):
    if not SHARED.exists():
        pytest.skip("the shared data folder is not beside this checkout")
    folder = tmp_path_factory.mktemp("levels")
    import_files([SHARED / f"{name}.json.gz" for name in (*LEVELS, *TEACHERS[1:])], folder / "in")
    work = Workspace(folder / "work")
    work.store.take_import("20260101-000000-import-levels", folder / "in")
    yield work.store
    work.store.close()


def test_median_lengths_rise_with_the_level_on_real_traces(granularity):
    found = compared(granularity, Compared("dataset", LEVELS))
    medians = [teacher.median for teacher in teachers(found.totals, found.outcomes)]
    assert len(medians) == 6
    assert all(low < high for low, high in pairwise(medians))


@pytest.mark.parametrize("names", [LEVELS, TEACHERS])
def test_alignment_leaves_every_source_the_same_problems(granularity, names):
    known = [set(granularity.select(f"dataset = '{name}'", 1000).column("problem_id").to_pylist()) for name in names]
    aligned = compared(granularity, Compared("dataset", names))
    shared = set.intersection(*known)
    assert [row["problems"] for row in aligned.totals.to_pylist()] == [len(shared)] * len(names)
    assert aligned.shared == len(shared)
    assert 600 < len(shared) < max(map(len, known))
