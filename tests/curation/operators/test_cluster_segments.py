import pytest

from curation.comparing.approaches import approaches
from curation.operator import Failure
from curation.operators.cluster_segments import ClusterSegments
from curation.operators.segment import SegmentReasoning
from curation.texts.repeats import twins
from curation.texts.solutions import attempts, text_of
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

ADD = "Ana has 12 apples and buys 5 more apples, so 12 + 5 = 17. Then she gives 4 apples away, so 17 - 4 = 13.\n\n"
AGAIN = "Let me check the apples: Ana has 12 apples and buys 5 more, 12 + 5 = 17. She gives 4 away, 17 - 4 = 13.\n\n"
DRAW = "Alternatively, draw a number line, mark both jumps with arrows then read off where the pencil ends.\n\n"


def scores(trace, **fields):
    return ClusterSegments(**fields).annotate(trace).scores


def texts(trace):
    return [text_of(trace, unit) for unit in attempts(trace)]


def by_model(trace, answer):
    (found,) = ClusterSegments(model="teacher").annotate_with([trace], asker_of([answer]))
    return found


def test_attempts_begin_where_the_trace_turns(make_trace):
    trace = make_trace(parts=[("restate", "12 and 5?\n\n"), ("attempt", ADD), ("check", AGAIN), ("check", "Yes.\n\n"),
                              ("alternative", DRAW), ("filler", "Hmm.\n\n"), ("answer", "So 13.")])  # fmt: skip
    assert texts(trace) == [ADD, AGAIN + "Yes.\n\n", DRAW]


def test_a_short_remark_belongs_to_what_follows_it(make_trace):
    trace = make_trace(parts=[("attempt", "Add.\n\n"), ("check", AGAIN)])
    assert texts(trace) == ["Add.\n\n" + AGAIN]


def test_a_check_of_the_same_sums_is_the_same_approach(make_trace):
    trace = make_trace(parts=[("attempt", ADD), ("check", AGAIN), ("alternative", DRAW)])
    assert scores(trace) == {"n_approaches": 2, "n_repeated": 0, "repeated_share": 0}
    assert scores(trace, similarity=1)["n_approaches"] == 3
    assert approaches([ADD, AGAIN, DRAW], "", 0.5)[:2] == [1, 1]


def test_repeats_are_counted_and_measured_in_characters(make_trace):
    trace = make_trace(parts=[("attempt", ADD), ("check", "Right.\n\n"), ("check", ADD), ("answer", "So it is 13.")])
    length = len(ADD) * 2 + len("Right.\n\n") + len("So it is 13.")
    assert scores(trace) == {"n_approaches": 1, "n_repeated": 1, "repeated_share": len(ADD) / length}


def test_a_trace_that_tries_nothing_has_no_approach(make_trace):
    assert scores(make_trace(parts=[("answer", "So 13.")]))["n_approaches"] == 0


def test_without_segments_all_is_unknown(make_trace):
    assert scores(make_trace("")) == {"n_approaches": None, "n_repeated": None, "repeated_share": None}


@pytest.mark.parametrize("name", ["r10528", "QwQ-32b"])
def test_real_traces_repeat_only_what_stands_before(shared_rows, name):
    (found,) = shared_rows(f"misguided_attention/output_queries_{name}.json.gz")
    for row in found["results"][:8]:
        for text in row["thinking"]:
            bare = Trace(Problem(row["prompt"]), text)
            trace = Trace(bare.problem, text, segments=SegmentReasoning().segments(bare))
            pairs = twins(trace)
            assert all(first < repeated for repeated, first in pairs.items())
            assert not set(pairs) & set(pairs.values())


def test_a_model_groups_each_attempt_and_check_as_it_was_segmented(make_trace):
    trace = make_trace(parts=[("attempt", ADD), ("attempt", DRAW), ("check", AGAIN), ("answer", "So 13.")])
    found = by_model(trace, '{"groups": [[2], [3, 1]]}').scores
    share = len(AGAIN) / len(trace.reasoning)
    assert found == {"n_approaches": 2, "n_repeated": 1, "repeated_share": share}


def test_groups_that_cannot_be_read_are_unknown(make_trace):
    trace = make_trace(parts=[("attempt", ADD), ("attempt", DRAW)])
    unknown = {"n_approaches": None, "n_repeated": None, "repeated_share": None}
    assert by_model(trace, "They all differ.").scores == unknown
    assert by_model(make_trace(""), "").scores == unknown
    assert by_model(trace, "") == Failure(trace.id, "empty: the model wrote nothing")


def test_a_model_is_not_asked_about_one_attempt(make_trace):
    asker = asker_of([])
    (found,) = ClusterSegments(model="teacher").annotate_with([make_trace(parts=[("attempt", ADD)])], asker)
    assert (found.scores["n_approaches"], asker.meter.totals.answers) == (1, 0)
