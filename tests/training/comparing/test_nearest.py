import pyarrow as pa
import pytest
from answered import evaluated

from curation.curated import CuratedSet
from curation.table import write_part
from curation.trace import Problem, Trace, derive
from training.comparing.nearest import KEPT, Near, Neighbours, gone, kept_at, near_problems

BEADS = Trace(Problem("Ana has 2 beads and finds 3 beads."), "2 + 3 = 5.", "5", "teacher")
SHORT = derive(BEADS, reasoning="5.")
TRAINS = Trace(Problem("When do two trains meet in the tunnel?"), "At 5.", "5", "teacher")
SHELLS = Trace(Problem("Ben has 7 shells and loses 3 shells."), "7 - 3 = 4.", "4", "teacher")
CUT = derive(SHELLS, reasoning="4.")


def fate(trace, verdict, became=None):
    return {"step": 1, "trace_id": trace.id, "verdict": verdict, "became": became}


@pytest.fixture
def curated(make_set):
    """BEADS was shortened and kept, TRAINS kept as it is; SHELLS was shortened, then dropped."""
    made = make_set([SHORT, TRAINS])
    rows = [
        fate(BEADS, "changed", [SHORT.id]), fate(SHORT, "kept"), fate(TRAINS, "kept"),
        fate(SHELLS, "changed", [CUT.id]), fate(CUT, "dropped"),
    ]  # fmt: skip
    write_part(pa.Table.from_pylist(rows), made.ledger)
    return made


def reading(*known):
    """A store that knows these traces."""
    return lambda ids: [[trace for trace in known if trace.id in ids]]


def about(trace, near):
    return Near(pytest.approx(near.similarity), trace.question, trace.problem.id, trace.id, near.kept)


def test_the_nearest_traces_share_most_words(curated):
    known = Neighbours.of(curated, reading(SHELLS))
    first, *rest = known.near("Eva has 4 beads and finds 9 beads.")
    assert first == about(SHORT, first)
    assert first.similarity > 0.5
    assert all(one.similarity < first.similarity for one in rest)
    assert known.near("Two trains in a tunnel", 1)[0].trace_id == TRAINS.id


def test_traces_the_recipe_dropped_are_found_apart(curated):
    known = Neighbours.of(curated, reading(SHELLS, BEADS))
    found = known.near("Leo has 6 shells and loses 1.", kept=False)
    assert [(one.trace_id, one.kept) for one in found] == [(SHELLS.id, False)]


def test_gone_are_the_inputs_that_left_nothing(curated):
    assert gone(curated) == [SHELLS.id]


def test_a_set_without_a_ledger_has_nothing_gone(make_set):
    assert gone(make_set([TRAINS])) == []


def test_a_set_is_measured_once_and_kept_beside_the_sets(curated):
    Neighbours.of(curated, reading(SHELLS))
    path = kept_at(curated)
    assert path.parent == curated.folder.parent / KEPT
    before = path.stat().st_mtime_ns
    again = Neighbours.of(CuratedSet(curated.folder), reading())
    assert again.near("shells", kept=False)[0].trace_id == SHELLS.id
    assert path.stat().st_mtime_ns == before


def test_other_rows_under_the_same_name_are_measured_anew(curated, make_set):
    assert kept_at(make_set([TRAINS], "other")) != kept_at(curated)
    assert kept_at(make_set([TRAINS])) != kept_at(curated)


def test_words_nobody_used_have_no_neighbour(curated):
    assert Neighbours.of(curated, reading()).near("zzz") == []
    assert Neighbours.of(curated, reading()).near("") == []


def test_an_empty_set_has_no_neighbour(make_set):
    assert Neighbours.of(make_set([]), reading()).near("beads") == []


def test_problems_near_a_trace_come_with_who_solves_them():
    a = evaluated("a", {"How many beads has Kim?": [1, 0], "When do trains meet?": [1]})
    b = evaluated("b", {"When do trains meet?": [0], "Which trains are late?": [1]})
    found = near_problems(TRAINS.question, [a, b], 2)
    assert [(one.question, one.shares) for one in found] == [
        ("When do trains meet?", (1.0, 0.0)), ("Which trains are late?", (None, 1.0)),
    ]  # fmt: skip
    assert near_problems(TRAINS.question, []) == []
