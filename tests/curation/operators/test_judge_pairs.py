import json
from collections import Counter

import pyarrow as pa
import pytest

from curation.application.sources import Parts
from curation.backends.scripted import Scripted
from curation.engine import apply
from curation.errors import UserError
from curation.operators.judge_pairs import JudgePairs
from curation.prompting.pairs import Pair, Verdict, pairs, verdict
from curation.spec import build
from curation.table import to_table, write_part
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

PROBLEM = Problem("1 + 1?", "2")
GOOD, BAD, OWN = Trace(PROBLEM, "good", "2", "ada"), Trace(PROBLEM, "bad", "2", "bob"), Trace(PROBLEM, "x", "2", "ada")
ALONE = Trace(Problem("2 + 2?", "4"), "alone", "4", "ada")


def shown(request):
    text = request.prompt[0]["content"]
    return text.split("Solution A:\n")[1].split()[0], text.split("Solution B:\n")[1].split()[0]


def honest(request):
    return json.dumps({"better": {("good", "bad"): "A", ("bad", "good"): "B"}[shown(request)]})


def records(model, traces=(GOOD, BAD, ALONE), **values):
    step = build(JudgePairs, {"model": "teacher", **values})
    rows = to_table(list(traces)).select(["id", "problem_id", "model"])
    rows = rows.append_column("sketch", pa.array([step.sketch(trace) for trace in traces], step.sketch_type))
    return {row["id"]: tuple(row.values())[1:] for row in step.conclude_with(rows, asker_of(model)).to_pylist()}


def test_both_orders_are_asked_and_a_win_needs_both():
    model = Scripted(honest)
    assert records(model) == {GOOD.id: (1, 1, 0, 0), BAD.id: (0, 1, 0, 0), ALONE.id: (None, 0, 0, None)}
    assert sorted(map(shown, model.asked)) == [("bad", "good"), ("good", "bad")]


@pytest.mark.parametrize(("always", "first"), [("A", 1), ("B", -1), ("neither", 0)])
def test_a_judge_that_goes_by_the_place_makes_a_tie_and_its_leaning_shows(always, first):
    found = records([json.dumps({"better": always})], traces=(GOOD, BAD))
    assert found == {GOOD.id: (0.5, 1, 0, first), BAD.id: (0.5, 1, 0, first)}


def test_a_comparison_that_cannot_be_read_is_counted_and_wins_nothing():
    found = records(lambda request: "?" if shown(request)[0] == "bad" else honest(request), traces=(GOOD, BAD))
    assert found == {GOOD.id: (None, 0, 1, None), BAD.id: (None, 0, 1, None)}


def test_what_two_orders_say_together():
    said = ["A", "B", "neither", None]
    assert {(one, other): verdict(one, other) for one in said for other in said if one and other} == {
        ("A", "A"): Verdict(0.5, 1), ("A", "B"): Verdict(1, 0), ("A", "neither"): Verdict(0.5, 0),
        ("B", "A"): Verdict(0, 0), ("B", "B"): Verdict(0.5, -1), ("B", "neither"): Verdict(0.5, 0),
        ("neither", "A"): Verdict(0.5, 0), ("neither", "B"): Verdict(0.5, 0), ("neither", "neither"): Verdict(0.5, 0),
    }  # fmt: skip


ROWS = [{"id": n, "problem_id": p, "model": m} for n, p, m in (
    ("a1", "p", "ada"), ("a2", "p", "ada"), ("b1", "p", "bob"), ("c1", "p", "cyd"), ("a3", "q", "ada")
)]  # fmt: skip


def test_pairs_are_of_one_problem_and_of_two_models():
    assert sorted(pairs(ROWS, 9, 0, across=True)) == [
        Pair("a1", "b1"), Pair("a1", "c1"), Pair("a2", "b1"), Pair("a2", "c1"), Pair("b1", "c1"),
    ]  # fmt: skip
    assert len(pairs(ROWS, 9, 0, across=False)) == 6
    assert sorted(pairs(ROWS, 9, 0, across=True, baseline="bob")) == [
        Pair("a1", "b1"), Pair("a2", "b1"), Pair("b1", "c1"),
    ]  # fmt: skip


def test_few_pairs_are_spread_over_the_traces():
    rows = [{"id": name, "problem_id": "p", "model": name} for name in "abcdef"]
    for seed in range(5):
        met = Counter(name for pair in pairs(rows, 6, seed, across=True) for name in pair)
        assert met == dict.fromkeys("abcdef", 2)


def test_the_most_pairs_are_chosen_by_the_seed_whatever_the_order_of_rows():
    chosen = {tuple(pairs(ROWS, 2, seed, across=True)) for seed in range(20)}
    assert len(chosen) > 1
    assert all(len(found) == 2 for found in chosen)
    assert pairs(ROWS[::-1], 2, 3, across=True) == pairs(ROWS, 2, 3, across=True)


def test_the_engine_compares_over_all_rows_and_a_repeated_run_asks_nothing(tmp_path):
    write_part(to_table([GOOD, BAD, ALONE]), tmp_path / "part-00000.parquet")
    source, model = Parts([tmp_path / "part-00000.parquet"]), Scripted(honest)
    steps, made = [build(JudgePairs, {"model": "teacher"})], asker_of(model)
    for name in ("out", "again"):
        with apply(steps, source, tmp_path / name, asker=made) as result:
            assert result.reports[0].rows == 3
    assert len(model.asked) == 2


def test_without_an_asker_it_is_refused_by_name(tmp_path):
    write_part(to_table([GOOD, BAD]), tmp_path / "part-00000.parquet")
    with pytest.raises(UserError, match=r"Step 1 \(judge_pairs\) asks teacher"):
        apply([build(JudgePairs, {"model": "teacher"})], Parts([tmp_path / "part-00000.parquet"]), tmp_path / "out")
