import json

import pytest

from curation.imports.run import import_files
from curation.query.filters import Filter
from tests.pages.conftest import measure


@pytest.fixture
def disputed(workspace, tmp_path):
    """Two traces whose rows and whose verifier disagree, one on which they agree; ids in the order of the queue."""
    rows = [
        {"question": f"{n} + 1?", "generation": f"<think>\nSo {n + 1}.\n</think>\n\\boxed{{{n + 1}}}",
         "answer": str(n + 1), "correct": n == 3}
        for n in (1, 2, 3)
    ]  # fmt: skip
    (tmp_path / "disputed.jsonl").write_text("\n".join(map(json.dumps, rows)))
    import_files([tmp_path / "disputed.jsonl"], tmp_path / "disputed")
    workspace.store.take_import("20260101-000001-import-test", tmp_path / "disputed")
    measure(workspace, tmp_path / "again", "verify_answer")
    return sorted(workspace.store.ids(Filter(flags={"correct": True, "given_correct": False})))


@pytest.fixture
def review(page):
    """The review page, the verifier against the rows' own flag."""

    def opened():
        return page("review").selectbox[1].set_value("given_correct").run()

    return opened


def press(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def test_a_disagreement_is_shown_with_its_answers(review, disputed, words):
    at = review()
    assert "1 of 2 traces" in words(at)
    shown = "".join(element.proto.body for element in at.get("html"))
    assert "<span>given_correct</span><b>no</b>" in shown
    assert "<span>correct</span><b>yes</b>" in shown
    assert "Unknown until some traces are judged" in words(at)


def test_a_verdict_is_saved_and_the_next_trace_opens(review, workspace, disputed, words):
    at = press(review(), "Right")
    assert workspace.labels(disputed[0]) == {"human_correct": "true"}
    assert at.query_params["judge"] == disputed[1]
    press(at, "Wrong")
    assert workspace.labels(disputed[1]) == {"human_correct": "false"}
    assert "There is no unjudged trace on which correct and given_correct disagree." in words(at)
    assert r"correct\: right when it says right\: 50%" in words(at)


def test_skip_writes_nothing(review, workspace, disputed):
    at = press(review(), "Skip")
    assert at.query_params["judge"] == disputed[1]
    assert workspace.events() == []
    press(at, "Previous")
    assert at.query_params["judge"] == disputed[0]


def test_undo_takes_the_verdict_back_and_shows_its_trace(review, workspace, disputed):
    at = press(press(review(), "Right"), "Undo")
    assert workspace.labels(disputed[0]) == {}
    assert at.query_params["judge"] == disputed[0]


def test_agreements_and_judged_traces_can_be_asked_for(review, workspace, disputed, words):
    workspace.label(disputed[0], "human_correct", "true", "ada")
    at = review()
    assert "1 of 1 traces" in words(at)
    at.toggle[0].set_value(True).run()
    assert "1 of 2 traces" in words(at)
    at.button_group[0].set_value("agree").run()
    assert not at.exception
    assert "1 of 1 traces" in words(at)


def test_one_verifier_against_itself_is_no_question(review, disputed, words):
    at = review()
    at.selectbox[1].set_value("correct").run()
    assert not at.exception
    assert "Choose two different verifiers." in words(at)


def test_a_verdict_that_cannot_be_saved_says_why(review, workspace, disputed):
    at = review()
    workspace.journal.mkdir()
    press(at, "Right")
    assert "The label cannot be written" in at.error[0].value


def test_a_score_is_held_against_people(review, workspace, disputed, words, tmp_path):
    measure(workspace, tmp_path / "lengths", "count_tokens")
    for trace_id, verdict in zip(disputed, ("true", "false"), strict=True):
        workspace.label(trace_id, "human_correct", verdict, "ada")
    at = review()
    box = next(one for one in at.selectbox if one.key == "standing")
    assert {"n_tokens", "n_chars", "correct"} & set(box.options) == {"n_tokens"}
    box.set_value("n_tokens").run()
    assert not at.exception
    assert r"n\_tokens and people\: rank correlation" in words(at)
