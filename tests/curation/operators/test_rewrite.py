import json

import pytest

from curation.application.sources import Parts
from curation.backends.scripted import Scripted
from curation.engine import apply
from curation.errors import UserError
from curation.models import Completion
from curation.operator import Annotation, Annotator, Dropped, Failure, Kept
from curation.operators.rewrite import Rewrite
from curation.prompting.prompts import shipped, version
from curation.spec import build
from curation.table import to_table, write_part
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

LONG = "Seven boxes of six pens are seven times six pens. Let me see. " * 4 + "So it is 42."
PEN = Trace(Problem("How many pens are in 7 boxes of 6?", "42"), LONG, "42", "ada")
GOOD = "<difficulty>easy</difficulty>\n<thought>\n7 * 6 = 42\n</thought>\n<solution>\nAnswer: 42\n</solution>"
KEPT = "the original, missing section: difficulty"
REJECTED = {
    GOOD.replace("42", "43"): "changed answer",
    GOOD.replace("7 * 6 = 42", LONG): "not shorter",
    GOOD.replace("</thought>", ""): "missing section: thought",
    GOOD.replace("\n</solution>", ""): "missing section: solution",
    GOOD.replace("<difficulty>easy</difficulty>", ""): "missing section: difficulty",
    GOOD.replace("easy", "trivial"): "missing section: difficulty is none of easy, medium, hard",
    GOOD.replace("7 * 6", "<think>7 * 6"): "stray think tag",
    GOOD.replace("Answer: 42", "It is done."): "no answer stated",
    " ": "unusable reply: empty: the model wrote nothing",
}


def step(**values):
    return build(Rewrite, {"model": "teacher", **values})


def rewritten(model, traces=(PEN,), known=None, **values):
    return step(**values).map_known(list(traces), asker_of(model), known or {})


@pytest.mark.parametrize("reply", REJECTED, ids=REJECTED.values())
def test_a_rewrite_that_misses_its_target_is_dropped_with_the_cause(reply):
    assert rewritten([reply], retries=0) == [Dropped(PEN.id, REJECTED[reply])]


def test_a_rewrite_has_both_sections_the_gold_answer_and_where_it_comes_from():
    prompt = "{question} {reasoning} {easy_tokens} {medium_tokens} {hard_tokens}"
    [[child]] = rewritten([GOOD], prompt=prompt)
    assert (child.reasoning, child.answer, child.parent_id) == ("7 * 6 = 42", "Answer: 42", PEN.id)
    assert json.loads(child.extra) == {
        "rewrite": {
            "model": "teacher", "prompt": version(prompt), "target": "difficulty",
            "value": "easy", "tries": 1, "rejected": [], "prompt_tokens": 68, "generated_tokens": 6,
            "reasoning_tokens": [66, 6], "cost": None,
        }
    }  # fmt: skip


def test_a_rejected_rewrite_is_asked_for_again_with_another_seed_until_one_is_accepted():
    model = Scripted(lambda request: GOOD if request.seed == 7 else GOOD.replace("42", "43"))
    [[child]] = rewritten(model, seed=6, retries=5)
    assert [request.seed for request in model.asked] == [6, 7]
    said = json.loads(child.extra)["rewrite"]
    assert (said["tries"], said["rejected"]) == (2, ["changed answer"])


def test_only_rejected_rows_are_asked_for_again():
    other = Trace(Problem("How many pens are in 6 boxes of 7?", "42"), LONG, "42")
    bad = GOOD.replace("42", "43")
    model = Scripted(lambda request: bad if "7 boxes" in request.prompt[0]["content"] else GOOD)
    found = rewritten(model, [PEN, other], retries=1)
    assert found[0] == Dropped(PEN.id, "changed answer")
    assert found[1][0].parent_id == other.id
    assert len(model.asked) == 3


def test_a_kept_original_is_byte_for_byte_what_it_was_and_says_why(tmp_path):
    [kept] = rewritten([GOOD.replace("42", "43")], retries=0, on_fail="keep_original")
    assert kept == Kept(PEN, "the original, changed answer")
    assert kept.trace is PEN
    source = Parts([tmp_path / "part-00000.parquet"])
    write_part(to_table([PEN]), source.paths[0])
    steps, made = [step(on_fail="keep_original", retries=0)], asker_of(["no"])
    with apply(steps, source, tmp_path / "out", asker=made) as result:
        assert list(result.traces()) == [[PEN]]
        assert (result.reports[0].changed, result.reports[0].reasons) == (0, {KEPT: 1})


def test_rows_without_a_chance_cost_nothing():
    wrong, open_ended = Trace(PEN.problem, LONG, "43"), Trace(Problem("Why?"), "Because of the weather.")
    model = Scripted([])
    assert rewritten(model, [wrong, open_ended, Trace(PEN.problem, "")]) == [
        Dropped(wrong.id, "parent is not the reference"),
        Dropped(open_ended.id, "no answer to compare with"),
        [Trace(PEN.problem, "")],
    ]
    assert model.asked == []


def test_whose_answer_counts_can_be_chosen():
    wrong = Trace(PEN.problem, LONG.replace("42", "43"), "43")
    assert [len(rewritten([reply], [wrong], answer_of=of, retries=0)[0]) for of, reply in (
        ("parent", GOOD.replace("42", "43")), ("reference", GOOD), ("any", GOOD.replace("42", "44"))
    )] == [1, 1, 1]  # fmt: skip
    found = rewritten([GOOD.replace("42", "43")], [wrong], answer_of="reference", retries=0)
    assert found == [Dropped(wrong.id, "not the reference")]


class Down(Scripted):
    times = 0

    def stream(self, requests):
        self.times += 1
        for row, _ in enumerate(requests):
            yield row, Completion("", (), "failed", cause="timeout", failure="no answer in 60 s")


def test_a_row_without_any_answer_failed_whatever_is_kept():
    model = Down([])
    assert rewritten(model, on_fail="keep_original") == [Failure(PEN.id, "timeout: no answer in 60 s")]
    assert model.times == 1  # the backend tried as often as it was told to


def test_a_budget_makes_one_rewrite_below_the_own_length_each():
    def reply(request):
        budget = 20 if "at most 20 tokens" in request.prompt[0]["content"] else 40
        return f"<thought>{'pen ' * budget}42</thought><solution>Answer: 42</solution>"

    model = Scripted(reply)
    [found] = rewritten(model, target="budget", budgets=[20, 40, 80], retries=0, tolerance=0.2)
    assert [json.loads(child.extra)["rewrite"]["value"] for child in found] == [20, 40]
    assert "missed" not in json.loads(found[0].extra)["rewrite"]
    assert len(model.asked) == 2
    [none] = rewritten(model, target="budget", budgets=[80])
    assert none == [PEN]


def test_a_rewrite_over_its_budget_is_rejected_after_all_retries():
    model = Scripted([f"<thought>{'pen ' * 25}</thought><solution>Answer: 42</solution>"])
    assert rewritten(model, target="budget", budgets=[20]) == [Dropped(PEN.id, "over the budget")]
    assert [request.seed for request in model.asked] == [0, 1, 2]


def test_a_budget_that_was_missed_is_told_by_the_others():
    model = Scripted([f"<thought>{'pen ' * 30}</thought><solution>Answer: 42</solution>"])
    [[child]] = rewritten(model, target="budget", budgets=[20, 40], retries=0)
    assert json.loads(child.extra)["rewrite"]["missed"] == {"20": "over the budget"}


def test_programs_and_conversations_stay_as_they_are():
    program = Trace(PEN.problem, "print(6 * 7)", form="pot")
    assert rewritten([], [program]) == [[program]]


LEVELS = {"easy": 1.0, "medium": 0.5, "hard": 0.125}  # 8, 4 and 1 of 8 attempts right


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("by", ["pass_rate", "difficulty", "label"])
def test_a_score_tells_the_difficulty(level, by):
    model = Scripted([GOOD])
    value = {"pass_rate": LEVELS[level], "difficulty": 1 - LEVELS[level], "label": level}[by]
    values = {"difficulty_from": by, "score": "d", "target_tokens": {"easy": 3, "medium": 7, "hard": 15}}
    [[child]] = rewritten(model, known={PEN.id: {"d": value}}, **values)
    assert json.loads(child.extra)["rewrite"]["value"] == level
    wanted = {"easy": 3, "medium": 7, "hard": 15}[level]
    assert (
        f"known to be {level}. Rewrite the solution to about\n{wanted} tokens" in model.asked[0].prompt[0]["content"]
    )


def test_without_a_known_difficulty_nothing_is_asked():
    known = {PEN.id: {"pass_rate": None}}
    assert rewritten([], known=known, difficulty_from="pass_rate") == [Dropped(PEN.id, "difficulty unknown")]


def test_a_smoothed_text_keeps_its_words_and_its_answer():
    smoothed = LONG.replace("Let me see. So", "Then")
    [[child]] = rewritten([f"<thought>{smoothed}</thought>"], target="coherence")
    assert (child.reasoning, child.answer) == (smoothed, "42")
    assert rewritten(["<thought>7 * 6 = 42</thought>"], target="coherence", retries=0) == [
        Dropped(PEN.id, "too little kept")
    ]
    inside = Trace(PEN.problem, LONG + " The answer is 42.")
    changed = f"<thought>{inside.reasoning.replace('42', '43')}</thought>"
    assert rewritten([changed], [inside], target="coherence", retries=0) == [Dropped(inside.id, "changed answer")]


def test_a_text_left_in_its_language_is_not_translated():
    german = "Sieben Schachteln mit je sechs Stiften sind sieben mal sechs Stifte, also zweiundvierzig Stifte."
    reply = "<thought>{}</thought><solution>Answer: 42</solution>"
    model = Scripted([reply.format(german)])
    [[child]] = rewritten(model, target="language")
    assert child.reasoning == german
    assert json.loads(child.extra)["rewrite"]["numbers_kept"] is False
    assert "into German." in model.asked[0].prompt[0]["content"]
    assert rewritten([reply.format(LONG)], target="language", language="fr", retries=0) == [
        Dropped(PEN.id, "not translated")
    ]


def test_an_untouched_prompt_follows_the_target_and_an_own_one_stays():
    assert step(target="format", format="symbolic").prompt == shipped("rewrite", "symbolic")
    assert step(target="level", prompt=shipped("rewrite", "budget")).prompt == shipped("rewrite", "level")
    assert step(difficulty_from="label").prompt == shipped("rewrite", "length")
    assert step(target="free", prompt="{question} {reasoning}").prompt == "{question} {reasoning}"
    with pytest.raises(UserError, match=r"no slot \{level\}"):
        step(target="level", prompt="{question} {reasoning}")


def test_values_that_cannot_work_are_refused():
    with pytest.raises(UserError, match="retries at temperature 0"):
        step(temperature=0)
    with pytest.raises(UserError, match=r"hard_to 0\.8 must be below easy_from 0\.75"):
        step(hard_to=0.8)
    with pytest.raises(UserError, match="target_tokens must name easy, medium, hard"):
        step(target_tokens={"easy": 1})


class Rate(Annotator):
    """Give every problem a pass rate."""

    op: str = "rate"

    def adds(self):
        return {"pass_rate": "number"}

    def annotate(self, trace):
        return Annotation({"pass_rate": 0.125})


def test_the_engine_hands_over_the_scores_and_tells_the_causes(tmp_path):
    bad = Trace(Problem("How many pens are in 9 boxes of 6?", "54"), LONG.replace("42", "54"), "54")
    write_part(to_table([PEN, bad]), tmp_path / "part-00000.parquet")
    steps = [Rate(), step(difficulty_from="pass_rate", retries=0)]
    made = asker_of([GOOD])
    with apply(steps, Parts([tmp_path / "part-00000.parquet"]), tmp_path / "out", asker=made) as result:
        report = result.reports[1]
        assert (report.rows, report.changed, report.reasons) == (1, 1, {"changed answer": 1})
