import json

from curation.operator import Failure
from curation.operators.label_segments import LabelSegments
from curation.texts.claims import claims
from tests.curation.operators.scripted_asker import asker_of

PARTS = [
    ("restate", "12 and 5?\n"),
    ("attempt", "12 + 5 = 18.\n"),
    ("backtrack", "Wait, 12 + 5 = 17.\n"),
    ("check", "17 - 5 = 12.\n"),
    ("answer", "So 17."),
]


def scores(trace):
    return LabelSegments().annotate(trace).scores


def test_wrong_sums_are_counted_and_the_first_segment_with_one_is_named(make_trace):
    found = scores(make_trace(parts=PARTS))
    assert (found["n_claims"], found["n_wrong_claims"], found["first_wrong_segment"]) == (3, 1, 2)


def test_without_a_wrong_sum_no_segment_is_named(make_trace):
    found = scores(make_trace(parts=[("attempt", "2 + 2 = 4."), ("answer", " So 4.")]))
    assert (found["n_claims"], found["n_wrong_claims"], found["first_wrong_segment"]) == (1, 0, None)


def test_what_follows_the_answer_counts_without_the_conclusion(make_trace):
    text = "".join(part for _, part in PARTS)
    found = scores(make_trace(parts=PARTS, reference="17"))
    at = text.index("12 + 5 = 17") + len("12 + 5 = 17")
    assert found["answer_at"] == at / len(text)
    assert found["after_answer"] == len(".\n17 - 5 = 12.\n") / len(text)


def test_a_reference_never_reached_is_unknown(make_trace):
    for reference in ("99", None):
        found = scores(make_trace(parts=PARTS, reference=reference))
        assert (found["answer_at"], found["after_answer"]) == (None, None)


def test_without_segments_all_is_unknown(make_trace):
    assert set(scores(make_trace("", reference="4")).values()) == {None}


def test_nearly_all_sums_of_human_solutions_hold(shared_rows):
    found = [claim.holds for row in shared_rows("gsm8k_full/train.jsonl.gz") for claim in claims(row["answer"])]
    assert len(found) > 15_000
    assert found.count(False) / len(found) < 0.003


def test_any_text_is_read_without_an_error(shared_texts):
    for text in shared_texts:
        assert all(isinstance(claim.holds, bool) for claim in claims(text))


def by_model(trace, answer):
    (found,) = LabelSegments(model="teacher").annotate_with([trace], asker_of([answer]))
    return found


def test_a_model_labels_each_solution_besides_the_rules(make_trace):
    trace = make_trace(parts=[*PARTS[:2], ("attempt", "Or 17.\n"), *PARTS[3:]], reference="17")
    said = [{"n": 2, "label": "correct", "error": ""}, {"n": 1, "label": "incorrect", "error": "12 + 5 = 18"}]
    found = by_model(trace, json.dumps({"solutions": said})).scores
    assert found == {
        **scores(trace), "n_solutions": 2, "n_solutions_correct": 1, "n_solutions_incorrect": 1,
        "n_solutions_incomplete": 0, "n_errors": 1,
    }  # fmt: skip
    assert set(found) == set(LabelSegments(model="teacher").adds())


def test_labels_that_cannot_be_read_are_unknown_and_the_rules_still_known(make_trace):
    trace = make_trace(parts=PARTS, reference="17")
    found = by_model(trace, "All of them are fine.").scores
    assert (found["n_claims"], found["n_solutions"], found["n_solutions_correct"], found["n_errors"]) == (
        3,
        None,
        None,
        None,
    )
    assert by_model(trace, "") == Failure(trace.id, "empty: the model wrote nothing")
