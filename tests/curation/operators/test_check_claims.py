import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Annotation, Failure
from curation.operators.check_claims import CheckClaims
from curation.spec import build
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

ONE = Trace(
    Problem("How many pens?", "12"), "Six boxes of two are twelve.", "12", extra='{"passages": ["Six boxes."]}'
)
NONE = {"n_model_claims": None, "n_unsupported": None, "n_undecided": None, "share_supported": None}


def model(claims, verdicts="?"):
    return Scripted(lambda request: verdicts if "verdicts" in request.json_schema else claims)


def checked(found, trace=ONE, **values):
    step = build(CheckClaims, {"model": "teacher", **values})
    [result] = step.annotate_with([trace], asker_of(found))
    return dict(result.scores) if isinstance(result, Annotation) else result


def test_claims_are_listed_and_checked_against_what_is_known():
    made = model('{"claims": ["there are six boxes", " ", "6 * 2 = 12", "pens are blue"]}',
                 '{"verdicts": ["supported", "Supported", "unsupported"]}')  # fmt: skip
    assert checked(made) == {"n_model_claims": 3, "n_unsupported": 1, "n_undecided": 0, "share_supported": 2 / 3}
    asked = made.asked[1].prompt[0]["content"]
    assert "Problem:\nHow many pens?\n\nRight answer:\n12\n" in asked
    assert "1. there are six boxes\n2. 6 * 2 = 12\n3. pens are blue\n" in asked


@pytest.mark.parametrize(
    ("policy", "unsupported", "share"), [("unknown", 1, 0.5), ("unsupported", 2, pytest.approx(1 / 3))]
)
def test_what_a_claim_counts_as_that_nothing_decides_is_a_choice(policy, unsupported, share):
    made = model('{"claims": ["a", "b", "c"]}', '{"verdicts": ["supported", "unknown", "unsupported"]}')
    assert checked(made, unknown=policy) == {
        "n_model_claims": 3, "n_unsupported": unsupported, "n_undecided": 1, "share_supported": share,
    }  # fmt: skip


@pytest.mark.parametrize("reply", ["none", '{"claims": "a"}', '{"claims": [1]}'])
def test_a_list_that_cannot_be_read_leaves_all_unknown(reply):
    assert checked(model(reply)) == NONE


@pytest.mark.parametrize("reply", ["?", '{"verdicts": ["supported"]}', '{"verdicts": ["supported", "maybe"]}'])
def test_verdicts_that_do_not_fit_the_claims_leave_the_shares_unknown(reply):
    assert checked(model('{"claims": ["a", "b"]}', reply)) == {**NONE, "n_model_claims": 2}


def test_a_trace_without_claims_has_no_share_and_is_not_checked():
    made = model('{"claims": []}')
    assert checked(made) == {"n_model_claims": 0, "n_unsupported": 0, "n_undecided": 0, "share_supported": None}
    assert len(made.asked) == 1


def test_nothing_is_checked_against_nothing():
    bare = Trace(ONE.problem, "Six.", "12")
    assert checked(model('{"claims": ["a"]}'), bare, context=["passages"]) == {**NONE, "n_model_claims": 1}


def test_passages_come_from_the_trace_or_its_problem():
    made = model('{"claims": ["a"]}', '{"verdicts": ["supported"]}')
    problem = Problem("How many?", extra='{"found": [{"title": "Boxes", "text": "Six boxes."}, {"k": 1}]}')
    checked(made, Trace(problem, "Six."), context=["passages"], passages="found")
    assert 'Passage:\nBoxes\nSix boxes.\n\nPassage:\n{"k": 1}' in made.asked[1].prompt[0]["content"]


def test_at_most_so_many_claims_are_checked_by_another_model():
    step = build(CheckClaims, {"model": "teacher", "checker": "other", "most": 1})
    made = model('{"claims": ["a", "b"]}', '{"verdicts": ["supported"]}')
    assert step.asks() == ("teacher", "other")
    assert step.annotate_with([ONE], asker_of(made))[0].scores["n_model_claims"] == 1


class Cut(Scripted):
    def stream(self, requests):
        for row, _ in enumerate(requests):
            yield row, Completion('{"claims": ["a"', (1, 2), "length")


def test_an_answer_that_was_cut_off_failed():
    assert checked(Cut([])) == Failure(ONE.id, "cut off: the answer reached its limit of 2 tokens")


def test_a_prompt_without_its_slots_is_refused():
    with pytest.raises(UserError, match=r"no slot \{claims\}"):
        build(CheckClaims, {"model": "teacher", "check_prompt": "{context}"})
