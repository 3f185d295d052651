"""Traces written by a model: what is asked, what is kept of the answers, and what is written down of them."""

import json
from dataclasses import replace

import pytest

from curation.application.batches import map_batch
from curation.application.sources import Parts
from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter, Price
from curation.backends.scripted import Scripted
from curation.engine import apply
from curation.errors import UserError
from curation.models import Completion, in_order
from curation.operator import OPERATORS, Dropped, Failure
from curation.operators.generate import Generate
from curation.operators.keep_where import KeepWhere
from curation.operators.run_program import RunProgram
from curation.operators.verify_answer import VerifyAnswer
from curation.prompting.prompts import shipped, texts, version
from curation.table import to_table, write_part
from curation.trace import Problem, Trace

SUM = Trace(Problem("1 + 1?", "2", "sums", "train"), "")
PRODUCT = Trace(Problem("2 * 3?", "6", "sums", "train"), "old", "5", "ada")
OPEN_QUESTION = Trace(Problem("Why?"), "")
PRICE = Price(1.0, 2.0)
PROGRAM = "Add them.\n```python\nans = 1 + 1\n```"


class Replay:
    """A model that gives these completions in turn."""

    def __init__(self, *completions):
        self.left = list(completions)

    def complete(self, requests, done=None):
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests):
        for row, _ in enumerate(requests):
            yield row, self.left.pop(0)

    def score(self, requests, texts):
        raise AssertionError("generating scores no text")


@pytest.fixture
def asker(tmp_path):
    """An asker of one model."""

    def make(model, price=PRICE):
        opened = Opened(model, "writer", price)
        return Asker(lambda name: opened, AnswerBook(tmp_path / "answers.sqlite"), Meter())

    return make


def made_of(trace):
    return json.loads(trace.extra)["generate"]


def test_a_new_trace_belongs_to_the_problem_and_tells_how_it_came_to_be(asker):
    step, model = Generate(model="deep", n=2, seed=7, policy="mentor"), Scripted(["It is 2.", "<think>two</think>2"])
    ((first, second),) = step.map_with([SUM], asker(model))
    assert (first.reasoning, first.answer, first.closed) == ("It is 2.", "", None)
    assert (second.reasoning, second.answer, second.closed) == ("two", "2", True)
    assert [(t.problem, t.model, t.form, t.sample, t.parent_id) for t in (first, second)] == [
        (SUM.problem, "deep", "cot", 0, None), (SUM.problem, "deep", "cot", 1, None),
    ]  # fmt: skip
    assert [request.seed for request in model.asked] == [7, 8]
    (key,) = made_of(first).pop("requests")
    words = len(model.asked[0].prompt[0]["content"].split())
    assert made_of(first) == {
        "model": "deep", "policy": "mentor", "mode": "free", "temperature": 0.7, "top_p": 1.0, "seed": 7,
        "prompt_version": version(shipped("generate", "solve")), "step": step.key(), "prompt_tokens": words,
        "generated_tokens": 3, "cost": round((words + 6) / 1e6, 9), "finish_reason": "stop", "requests": [key],
    }  # fmt: skip
    assert step.request(SUM) == model.asked[0]


def test_rows_of_one_problem_share_their_new_traces(asker):
    model = Scripted(["It is 6."])
    other = replace(PRODUCT, id="", model="bob")
    first, second = Generate(model="deep").map_with([PRODUCT, other], asker(model))
    assert first == second
    assert len(model.asked) == 1


def test_the_old_trace_may_be_kept_beside_the_new_ones(asker):
    step = Generate(model="deep", keep="both")
    found = step.map_with([SUM, PRODUCT], asker(Scripted(lambda request: "It is so.")))
    assert [[trace.reasoning for trace in row] for row in found] == [["It is so."], ["old", "It is so."]]


def test_unusable_answers_fail_the_row_with_the_reason_unless_another_sample_is_there(asker):
    refused = Completion("", (), "failed", cause="rate_limit", failure="429 after 5 tries")
    model = Replay(refused, refused, Completion("", (), "filtered"), Completion("", (0,), "stop"), refused,
                   Completion("It is 2.", (1,), "stop"))  # fmt: skip
    traces = [replace(SUM, id=str(n), problem=Problem(f"{n}?", "2")) for n in range(3)]
    found = Generate(model="deep", n=2).map_with(traces, asker(model))
    assert found[:2] == [Failure("0", "rate_limit: 429 after 5 tries"), Failure("1", "filtered: the server withheld "
                         "the answer")]  # fmt: skip
    assert [(trace.reasoning, trace.sample) for trace in found[2]] == [("It is 2.", 1)]


@pytest.mark.parametrize(
    ("text", "words", "extracted"),
    [
        ("So 1 + 1 = 2 and therefore the", 7, None),  # cut off
        ("<think>1 + 1 is 2", 9, None),  # never closed
        ("I cannot help with this.", 9, None),  # a refusal
        ("<think>1 + 1</think>", 9, "1"),
    ],
)
def test_an_answer_without_an_end_stays_and_is_judged_to_have_none(asker, text, words, extracted):
    ((trace,),) = Generate(model="deep", max_new_tokens=words).map_with([SUM], asker(Scripted([text])))
    scores = VerifyAnswer().annotate(trace).scores
    assert (scores["correct"], scores["extracted"]) == (False, extracted)
    assert made_of(trace)["finish_reason"] == ("length" if words == 7 else "stop")


def test_a_visible_answer_is_named_in_the_prompt_and_a_hidden_one_never(asker):
    hidden, visible = Scripted(["It is 2."]), Scripted(["It is 2."])
    Generate(model="deep").map_with([SUM], asker(hidden))
    assert "known to be" not in hidden.asked[0].prompt[0]["content"]
    found = Generate(model="deep", gold="visible").map_with([SUM, OPEN_QUESTION], asker(visible))
    assert "Its answer is known to be 2;" in visible.asked[0].prompt[0]["content"]
    assert (len(found[0]), found[1]) == (1, Dropped(OPEN_QUESTION.id, "no reference answer to show"))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"prompt": "{question} It is {reference}."}, r"names \{reference\} while gold is hidden, a leak"),
        ({"mode": "outline", "step_prompt": "{step}{next}{so_far}{reference}"}, r"step_prompt: .*a leak"),
        (
            {"gold": "visible", "prompt": "{question}"},
            r"gold is visible, but no prompt of this mode names",
        ),
        ({"gold": "visible", "mode": "outline"}, r"no prompt of this mode names \{reference\}"),
        ({"shots": 2, "prompt": "{question}"}, r"shots are asked for, but no prompt of this mode names \{shots\}"),
        ({"prompt": "Solve it."}, r"generate\.prompt: the prompt has no slot \{question\}"),
        ({"prompt": "{question} {steps}"}, r"names \{steps\}, which is not known there; known: \{question\}, "),
        ({"n": 2, "temperature": 0}, r"temperature 0 would all be the same"),
        ({"mode": "outline", "form": "pot"}, r"generate\.form: only mode free knows this"),
        ({"mode": "stepwise", "prefix": "First"}, r"generate\.prefix: only mode free knows this"),
        ({"budgets": [0.0]}, r"budgets\.0"),
    ],
)
def test_what_does_not_fit_together_is_refused(values, reason):
    with pytest.raises(UserError, match=reason):
        OPERATORS.parse({"op": "generate", "model": "deep", **values})


@pytest.mark.parametrize("name", texts("generate"))
def test_every_shipped_prompt_fits_where_it_belongs(name):
    field = "prompt" if name in ("solve", "bare", "program", "rationale") else f"{name}_prompt"
    gold = "visible" if name == "rationale" else "hidden"
    step = Generate(model="deep", gold=gold, **{field: texts("generate")[name]})
    assert step.parameters()[field] == texts("generate")[name]


def test_a_student_trained_here_can_be_asked_the_bare_question(asker):
    model = Scripted(["It is 2."])
    Generate(model="deep", policy="student", prompt=texts("generate")["bare"]).map_with([SUM], asker(model))
    assert model.asked[0].prompt == ({"role": "user", "content": "1 + 1?"},)


def test_examples_are_shown_and_named(asker, tmp_path):
    path = tmp_path / "examples.jsonl"
    rows = [{"question": f"{n} apples?", "reasoning": f"{n}", "answer": f"{n}", "reference": f"{n}"} for n in (3, 4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    step, model = Generate(model="deep", shots=2, shots_from=str(path)), Scripted(["It is 2."])
    ((trace,),) = step.map_with([SUM], asker(model))
    text = model.asked[0].prompt[0]["content"]
    assert text.startswith("Problem: 4 apples?\nSolution: 4\n4\n\nProblem: 3 apples?\nSolution: 3\n3\n\nSolve this")
    assert len(made_of(trace)["shots"]) == 2
    before = step.key()
    path.write_text(path.read_text() + json.dumps({**rows[0], "question": "8 pears?"}) + "\n")
    assert step.key() != before


def test_a_program_runs_and_its_result_is_the_answer(asker):
    model = Scripted([PROGRAM, "No program here: 2.", PROGRAM.replace("1 + 1", "1 / 0")])
    (found,) = Generate(model="deep", form="pot", n=3).map_with([SUM], asker(model))
    assert "```python" in model.asked[0].prompt[0]["content"]
    assert [(trace.form, trace.answer) for trace in found] == [("pot", "2"), ("pot", ""), ("pot", "")]
    assert [made_of(trace)["program"] for trace in found] == ["finished", "no program", "raised"]
    assert [RunProgram().annotate(trace).scores["program_correct"] for trace in found] == [True, False, False]
    assert VerifyAnswer().annotate(found[0]).scores["correct"] is True


def test_an_outline_gives_a_trace_for_each_budget_and_is_asked_for_once(asker):
    answers = {"How many": "2", "Plan": "1. add\n2. say", "State the": "The answer is 2."}

    def answer(request):
        text = request.prompt[0]["content"]
        return next((said for start, said in answers.items() if start in text), "1 + 1 = 2.")

    model = Scripted(answer)
    step = Generate(model="deep", mode="outline", budgets=[1.0, 0.5])
    (found,) = step.map_with([SUM], asker(model))
    assert [(trace.reasoning, trace.answer, trace.sample) for trace in found] == [
        ("1 + 1 = 2.\n\n1 + 1 = 2.", "The answer is 2.", 0), ("1 + 1 = 2.", "The answer is 2.", 1),
    ]  # fmt: skip
    assert [(made_of(trace)["steps"], made_of(trace)["budget"]) for trace in found] == [(2, 1.0), (1, 0.5)]
    assert [len(made_of(trace)["requests"]) for trace in found] == [5, 4]
    assert len(model.asked) == 7  # how many, plan, two first steps that see other neighbours, a second, two answers


def test_steps_are_written_one_a_call(asker):
    model = Scripted(["1 + 1 = 2.", "Answer: 2"])
    ((trace,),) = Generate(model="deep", mode="stepwise").map_with([SUM], asker(model))
    assert (trace.reasoning, trace.answer, made_of(trace)["steps"]) == ("1 + 1 = 2.", "Answer: 2", 1)


def test_unknown_prices_and_counts_stay_unknown_and_log_probs_are_averaged(asker):
    model = Replay(Completion("It is 2.", (1, 2), "stop", None, log_probs=(-1.0, -2.0)))
    ((trace,),) = Generate(model="deep", log_probs=True).map_with([SUM], asker(model, Price()))
    found = made_of(trace)
    assert (found["cost"], found["prompt_tokens"], found["mean_log_prob"]) == (None, None, -1.5)


def test_the_engine_reports_what_became_of_each_row(asker):
    model = Scripted(lambda request: "" if "Why" in request.prompt[0]["content"] else "It is 2.")
    mapped = map_batch(Generate(model="deep"), [SUM, OPEN_QUESTION], asker(model))
    assert [(row["verdict"], row["reason"]) for row in mapped.verdicts.to_pylist()] == [
        ("changed", None), ("failed", "empty: the model wrote nothing"),
    ]  # fmt: skip
    assert mapped.traces.num_rows == 1


def test_a_recipe_generates_once_a_problem_and_keeps_what_is_right(asker, tmp_path):
    rows = [PRODUCT, replace(PRODUCT, id="", model="bob"), SUM, OPEN_QUESTION]
    write_part(to_table(rows), tmp_path / "in" / "part-00000.parquet")

    def answer(request):
        return "It is 6." if "2 * 3?" in request.prompt[0]["content"] and request.seed else "It is 7."

    model = Scripted(answer)
    steps = [Generate(model="deep", n=2), VerifyAnswer(), KeepWhere(score="correct", equals=True)]
    with apply(steps, Parts([tmp_path / "in" / "part-00000.parquet"]), tmp_path / "out", asker=asker(model)) as result:
        assert [report.rows for report in result.reports] == [6, 6, 1]
        (row,) = result.rows().to_pylist()
    assert (row["model"], row["sample"], row["correct"]) == ("deep", 1, True)
    assert len(model.asked) == 6
