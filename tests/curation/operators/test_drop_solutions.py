"""DLCoT's pruning with a scripted model: solutions A (right), B (another method), A' (A again), a check of B."""

import json
import re

import pytest

from curation.errors import UserError
from curation.operator import OPERATORS, Dropped, Failure
from curation.operators.drop_solutions import DropSolutions
from curation.trace import tiles
from tests.curation.operators.scripted_asker import asker_of

A = "First 12 + 5 = 17. Wrong on the way: 2 * 3 = 7. Then 17 - 4 = 13.\n\n"
B = "On a number line, 12 jumps to 17, back to 13.\n\n"
A_AGAIN = "Once more: 12 + 5 = 17 and 17 - 4 = 13.\n\n"
V1 = "Check on the line: from 13 forward 4, back 5, is 12.\n\n"
ANSWER = "So 13."
PARTS = [("attempt", A), ("attempt", B), ("check", V1), ("attempt", A_AGAIN), ("answer", ANSWER)]
GROUPS = {"groups": [[1, 4], [2, 3]]}
LABELS = [("correct", "2 * 3 = 7"), ("correct", ""), ("correct", "")]


def labels(said):
    listed = [{"n": n, "label": label, "error": error} for n, (label, error) in enumerate(said, 1)]
    return {"solutions": listed}


def model(groups, said):
    def answer(request):
        return json.dumps(groups if "Group those" in request.prompt[0]["content"] else labels(said))

    return asker_of(answer)


def drop(trace, groups=GROUPS, said=LABELS, **fields):
    (found,) = DropSolutions(model="teacher", **fields).map_with([trace], model(groups, said))
    return found


@pytest.fixture
def trace(make_trace):
    return make_trace(parts=PARTS, answer="13", reference="13")


def test_the_output_is_the_input_without_exactly_the_repeated_solution_and_check(trace):
    (child,) = drop(trace)
    assert trace.reasoning == A + B + V1 + A_AGAIN + ANSWER
    assert child.reasoning == A + B + ANSWER
    assert [segment.kind for segment in child.segments] == ["attempt", "attempt", "answer"]
    assert (child.parent_id, child.answer) == (trace.id, "13")


def test_only_the_last_repeated_ones_go_where_that_is_asked(trace):
    assert drop(trace, max_drop="1")[0].reasoning == A + B + V1 + ANSWER
    assert drop(trace, max_drop="2")[0].reasoning == A + B + ANSWER


def test_a_quoted_mistake_on_the_trunk_goes_and_its_solution_stays(trace):
    (child,) = drop(trace, error_policy="quotes")
    assert child.reasoning == A.replace("2 * 3 = 7", "") + B + ANSWER
    assert tiles(child.segments, child.reasoning)


def test_a_quote_is_found_however_it_is_spaced_and_left_alone_when_it_is_not_there(trace):
    spaced = [("correct", "2 *  3 =\n7"), *LABELS[1:]]
    absent = [("correct", "2 * 3 = 8"), *LABELS[1:]]
    assert drop(trace, said=spaced, error_policy="quotes") == drop(trace, error_policy="quotes")
    assert drop(trace, said=absent, error_policy="quotes") == drop(trace)


def test_a_wrong_solution_behind_the_trunk_goes_whole_only_when_solutions_do(trace):
    said = [("correct", ""), ("incorrect", "jumps"), ("correct", "17 - 4")]
    one_group_each = {"groups": [[1], [2], [3], [4]]}
    assert drop(trace, one_group_each, said, error_policy="off") == [trace]
    (quotes,) = drop(trace, one_group_each, said, error_policy="quotes")
    assert quotes.reasoning == A + B + V1 + A_AGAIN.replace("17 - 4", "") + ANSWER
    (whole,) = drop(trace, one_group_each, said, error_policy="solutions")
    assert whole.reasoning == A + V1 + A_AGAIN.replace("17 - 4", "") + ANSWER


def test_a_wrong_solution_on_the_trunk_stays(trace):
    said = [("incorrect", ""), ("correct", ""), ("correct", "")]
    assert drop(trace, {"groups": [[1], [2], [3], [4]]}, said, error_policy="solutions") == [trace]


def test_the_first_correct_solution_is_never_redundant_unless_it_may_be(trace):
    said = [("incorrect", ""), ("incomplete", ""), ("correct", "")]
    assert drop(trace, said=said)[0].reasoning == A + B + A_AGAIN + ANSWER
    assert drop(trace, said=said, protect_trunk=False)[0].reasoning == A + B + ANSWER


def test_a_trace_without_a_correct_solution_is_flagged_and_not_emitted(trace):
    said = [("incorrect", ""), ("incomplete", ""), ("incorrect", "")]
    assert drop(trace, said=said) == Dropped(trace.id, "no solution is correct")


def test_labels_are_not_asked_where_nothing_depends_on_them(trace):
    asker = model(GROUPS, [])
    ((child,),) = DropSolutions(model="teacher", protect_trunk=False).map_with([trace], asker)
    assert child.reasoning == A + B + ANSWER
    assert asker.meter.totals.answers == 1


@pytest.mark.parametrize(
    "groups",
    [{}, {"groups": [[1, 2], [3]]}, {"groups": [[1, 2], [2, 3, 4]]}, {"groups": [[1, 2, 3, 4, 5]]}, {"groups": 4}],
)
def test_groups_that_leave_a_part_out_or_name_it_twice_are_a_failure(trace, groups):
    found = drop(trace, groups)
    assert found == Failure(trace.id, "unreadable: the answer does not group all of what was listed")


@pytest.mark.parametrize("said", [[], LABELS[:2], [*LABELS[:2], ("right", "")]])
def test_a_solution_without_a_label_is_a_failure(trace, said):
    found = drop(trace, said=said)
    assert found == Failure(trace.id, "unreadable: the answer does not label all of what was listed")


def test_ten_and_more_solutions_keep_their_order(make_trace):
    texts = [f"Way {number}: the sum is 13.\n\n" for number in range(1, 13)]
    trace = make_trace(parts=[("attempt", text) for text in texts], reference="13")
    shown = []

    def answer(request):
        shown.append(re.findall(r"^\[(\d+)\] Way (\d+)", request.prompt[0]["content"], re.MULTILINE))
        if "Group those" in request.prompt[0]["content"]:
            return json.dumps({"groups": [[12, 2], [10], *([n] for n in (1, 3, 4, 5, 6, 7, 8, 9)), [11]]})
        return json.dumps(labels([("incorrect", "")] * 9 + [("correct", "")] * 3))

    ((child,),) = DropSolutions(model="teacher", error_policy="solutions").map_with([trace], asker_of(answer))
    assert shown == [[(str(n), str(n)) for n in range(1, 13)]] * 2
    assert child.reasoning == "".join(texts[:11])


def test_a_trace_whose_segments_are_unknown_is_left_out(make_trace):
    trace = make_trace("text")
    assert drop(trace) == Dropped(trace.id, "its segments are unknown")


def test_without_a_model_words_group_and_the_reference_labels(make_trace):
    plain = (
        "Ana has 12 apples and buys 5 more apples, so 12 + 5 = 17. Then she gives 4 apples away, so 17 - 4 = 13.\n\n"
    )
    again = (
        "Let me check the apples: Ana has 12 apples and buys 5 more, 12 + 5 = 17. She gives 4 away, 17 - 4 = 13.\n\n"
    )
    parts = [("attempt", plain), ("check", again), ("answer", "So 13.")]
    (child,) = DropSolutions().map(make_trace(parts=parts, reference="13"))
    assert child.reasoning == plain + "So 13."
    assert DropSolutions().map(make_trace(parts=parts, reference="99")) == []
    unknown = make_trace(parts=parts)
    assert DropSolutions().map(unknown) == [unknown]


def test_the_question_shown_while_a_prompt_is_edited_lists_the_solutions_and_checks(trace):
    step = DropSolutions(model="teacher", cluster_prompt="{question}|{solutions}")
    listed = "\n".join(f"[{n}] {text.strip()}" for n, text in enumerate([A, B, V1, A_AGAIN], 1))
    assert step.request(trace).prompt == ({"role": "user", "content": f"How many?|{listed}"},)


@pytest.mark.parametrize("name", ["cluster_prompt", "label_prompt"])
def test_a_prompt_that_shows_no_solutions_is_refused(name):
    with pytest.raises(UserError, match=r"no slot \{solutions\}"):
        OPERATORS.parse({"op": "drop_solutions", name: "Group them."})
