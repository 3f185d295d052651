"""Steps that compare rows, through the engine: what is kept, why not, and which row stays in place of another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from curation.application.ledger import Ledger
from curation.application.sources import Parts
from curation.engine import apply
from curation.operator import Operator
from curation.operators.balance import Balance
from curation.operators.count_tokens import CountTokens
from curation.operators.drop_duplicates import DropDuplicates
from curation.operators.find_duplicates import FindDuplicates
from curation.operators.join_sources import JoinSources
from curation.operators.keep_quantile import KeepQuantile
from curation.operators.mix import Mix
from curation.operators.split_groups import SplitGroups
from curation.operators.top_per_problem import TopPerProblem
from curation.trace import Problem, Trace

BASE = "First we add the two numbers and then we take away what was eaten on the way to the school"


@pytest.fixture
def told(tmp_path: Path, write_traces: Callable) -> Callable[..., list[tuple]]:
    """Applies steps to traces and tells id, verdict, reason and the row kept instead, of every dropped row."""

    def tell(traces: list[Trace], *steps: Operator) -> list[tuple]:
        with apply(steps, Parts(write_traces(tmp_path / "in", traces)), tmp_path / "work") as result:
            result.write_ledger(tmp_path / "ledger.parquet")
        names = {trace.id: place for place, trace in enumerate(traces)}
        fates = [fate for trace in traces for fate in Ledger.of_file(tmp_path / "ledger.parquet").why(trace.id)]
        return [
            (names[fate.trace_id], fate.step, fate.reason, fate.other and names[fate.other])
            for fate in fates
            if fate.verdict == "dropped"
        ]

    return tell


def test_near_duplicates_go_and_name_the_longest_that_stays(told):
    traces = [
        Trace(Problem("a"), BASE),
        Trace(Problem("b"), "Nothing of this is like the other texts, whatever one may say about it at all"),
        Trace(Problem("c"), f"{BASE}, today"),
        Trace(Problem("d"), BASE.upper()),
    ]
    near = "near-duplicate of another row"
    steps = (FindDuplicates(), DropDuplicates(over="cluster", keep="longest"))
    assert told(traces, *steps) == [(0, 2, near, 2), (3, 2, near, 2)]


def test_selectors_follow_each_other_on_the_rows_left(told):
    models = ("ada", "bob")
    traces = [Trace(Problem(f"q{n}"), "word " * (n + 1), model=model) for n in range(8) for model in models]
    traces.append(Trace(Problem("q9"), "alone", model="ada"))
    steps = (
        CountTokens(),
        JoinSources(sources=["ada", "bob"]),
        KeepQuantile(score="n_chars", share=0.5),
        Mix(ratios={"ada": 1, "bob": 1}, one_per_problem=True),
        TopPerProblem(score="n_tokens"),
        Balance(group="model", total=2),
    )
    found = told(traces, *steps)
    by_step = {number: [row[2] for row in found if row[1] == number] for number in range(2, 7)}
    assert by_step == {
        2: ["bob lacks its problem"],
        3: ["n_chars is above the 0.5 lowest of all rows"] * 8,
        4: ["its problem goes to another model"] * 4,
        5: [],
        6: ["enough of its model"] * 2,
    }


def test_the_parts_of_a_split_are_the_whole(told):
    traces = [Trace(Problem(f"q{n}"), "x") for n in range(40)]
    lost = {part: {row[0] for row in told(traces, SplitGroups(part=part, test=0.5))} for part in ("train", "test")}
    assert lost["train"] | lost["test"] == set(range(40))
    assert lost["train"] & lost["test"] == set()
