import pytest

from curation.errors import UserError
from curation.exports.labelled import IGNORED, Labelled
from curation.rendering import student_tokenizer
from curation.runs import PROJECT
from curation.trace import Problem, Segment, Trace

STUDENT = str(PROJECT / "data" / "base_student")
REASONING = "1 + 2 = 3.\n\nCheck: 3 - 2 = 1."
SEGMENTS = (Segment(0, 12, "attempt"), Segment(12, len(REASONING), "check"))
TRACE = Trace(Problem("1 + 2?", "3"), REASONING, "3", segments=SEGMENTS)


def trained(trace=TRACE, **fields):
    row = Labelled(tokenizer=STUDENT, **fields).row(trace)
    assert all(label in (IGNORED, token) for token, label in zip(row["input_ids"], row["labels"], strict=True))
    return student_tokenizer(STUDENT).decode([label for label in row["labels"] if label != IGNORED])


def test_reasoning_and_answer_carry_loss_by_default():
    assert trained() == f"<think>\n{REASONING}\n</think>\n3<|end|>"


def test_one_section_alone_can_carry_loss():
    assert trained(train=["answer"]) == "3<|end|>"
    assert trained(train=["reasoning"]) == f"<think>\n{REASONING}\n</think>\n"
    assert trained(train=["prompt"]) == "<|user|>1 + 2?<|assistant|>"


def test_kinds_of_segments_choose_within_the_reasoning():
    assert trained(kinds=["check"]).replace("\n", "") == "Check: 3 - 2 = 1.3<|end|>"
    assert trained(kinds=["attempt"], train=["reasoning"]).strip() == "1 + 2 = 3."


def test_a_trace_without_reasoning_is_its_answer():
    assert trained(Trace(Problem("1 + 2?"), "", "3")) == "3<|end|>"


def test_rows_are_cut_where_asked():
    row = Labelled(tokenizer=STUDENT, max_length=9).row(TRACE)
    assert (len(row["input_ids"]), len(row["labels"]), row["id"]) == (9, 9, TRACE.id)


def test_kinds_need_segments():
    with pytest.raises(UserError, match=r"has no segments, so its kinds are unknown: add 'segment' to the recipe"):
        trained(Trace(Problem("1 + 2?"), REASONING, "3"), kinds=["check"])


def test_labels_are_those_that_training_makes():
    from training.rows.data import render

    row = Labelled(tokenizer=STUDENT).row(TRACE)
    seen = render(student_tokenizer(STUDENT), TRACE, 1000)
    assert (row["input_ids"], row["labels"]) == (seen.token_ids, seen.labels)
