from dataclasses import replace

import pytest
import torch
from worlds import sum_trace, sums

from curation.backends.transformers_model import load
from curation.errors import UserError
from curation.job import Job
from curation.models import ask
from curation.runs import create
from curation.texts.importance import keep_words
from curation.trace import Trace, canonical_json
from training.launch import train_request
from training.objective import OBJECTIVES
from training.objectives.sft_staged import SftStaged
from training.student import resolve
from training.train import train

HINT = "Add the first number to the second number and then write down the sum"
LONG = {"max_length": 2000, "max_train_tokens": None, "num_train_epochs": 4}


def hinted(count=6):
    return [replace(trace, extra=canonical_json({"hint": HINT})) for trace in sums(count)]


def asked(row):
    return row.text.split("<|a|>")[0].removeprefix("<|u|>")


@pytest.fixture
def stages(task, tokenizer):
    """The rows of every stage, of a student that reads long rows."""

    def render(objective, traces):
        given = task(traces)
        return [objective.rendered(replace(given, stage=stage)) for stage in range(len(objective.stages()))]

    return render


def test_shots_and_knowledge_fade_and_the_last_prompt_is_the_one_asked_at_inference(stages, tokenizer):
    traces = hinted()
    found = stages(SftStaged(context="hint", **LONG), traces)
    for trace, *rows in zip(traces, *found, strict=True):
        prompts = [asked(row) for row in rows]
        assert [prompt.count("The answer is") for prompt in prompts] == [3, 2, 1, 0]
        hints = [prompt.split("\n\n")[0] for prompt in prompts[:3]]
        assert hints == [keep_words(HINT, rate).strip() for rate in (1, 2 / 3, 1 / 3)]
        assert [prompt.count(trace.question) for prompt in prompts] == [1, 1, 1, 1]
        inference = tokenizer.apply_chat_template(
            list(ask(trace.question)), tokenize=False, add_generation_prompt=True
        )
        assert rows[-1].text.startswith(inference)
        assert rows[-1].text[len(inference) :] == rows[0].text.split("<|a|>")[1]


def test_compressed_text_is_an_ordered_part_of_rate_times_its_words():
    words = HINT.split()
    for rate, count in ((1, 14), (2 / 3, 9), (1 / 3, 5), (0, 0)):
        kept = keep_words(HINT, rate).split()
        assert len(kept) == count
        rest = iter(words)
        assert all(word in rest for word in kept)
    assert keep_words(HINT, 1) == HINT


def test_shots_that_do_not_fit_are_left_out_rather_than_the_answer(stages):
    first = stages(SftStaged(n_stages=2, max_length=180, max_train_tokens=None), sums(6))[0]
    assert {row.defects for row in first} == {()}
    assert all(asked(row).count("The answer is") == 2 for row in first)


def test_stages_share_out_the_epochs(task):
    given = task(sums(6))
    objective = SftStaged(n_stages=2, shots=0, max_train_tokens=None, num_train_epochs=4)
    for stage in (0, 1):
        now = replace(given, stage=stage)
        rows = objective.rendered(now)
        assert sorted(row for batch in objective.batches(rows, now) for row in batch) == sorted([*range(6)] * 2)


def test_the_stage_loss_is_the_papers_when_problems_have_unequal_numbers_of_rationales(task, losses, token_losses):
    first = sum_trace(1, 2)
    traces = [first, Trace(first.problem, "two and one", "3"), sum_trace(30, 40)]
    given = replace(task(traces), stage=1)
    objective = SftStaged(n_stages=2, average="problem", max_train_tokens=None, num_train_epochs=2)
    lost = []
    for trace in traces:
        before, after = f"<|u|>{trace.question}<|a|>", f"<think>\n{trace.reasoning}\n</think>\n{trace.answer}<|e|>"
        width = len(before) - 8  # two special tokens of five letters
        lost.append(token_losses(given.student.model, before + after)[width:].sum())
    expected = ((lost[0] + lost[1]) / 2 + lost[2]) / 2
    assert losses(objective.setup(given))[0].item() == pytest.approx(expected.item(), rel=1e-5)


def test_reasoning_goes_from_written_out_to_the_answer_alone(task):
    traces = sums(8)
    objective = SftStaged(
        n_stages=1, mix_by="reasoning", mix_start={"explicit": 1}, mix_end={"implicit": 1},
        implicit_instruction="{question} Answer only.", max_train_tokens=None, num_train_epochs=20,
        per_device_train_batch_size=1, packing=True,
    )  # fmt: skip
    given = task(traces)
    rows = objective.rendered(given)
    assert [row.group for row in rows] == ["explicit"] * 8 + ["implicit"] * 8
    assert rows[8].text == "<|u|>What is 0 + 1? Answer only.<|a|>The answer is 1.<|e|>"
    order = [rows[row].group for batch in objective.batches(rows, given) for row in batch]
    quarter = len(order) // 4
    shares = [order[start : start + quarter].count("explicit") / quarter for start in range(0, 4 * quarter, quarter)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.8
    assert shares[-1] < 0.2


def test_a_mix_moves_from_one_teacher_to_another(task):
    traces = [replace(trace, model=model, id="") for model in ("ada", "bob") for trace in sums(4)]
    objective = SftStaged(
        n_stages=3, shots=0, mix_by="model", mix_start={"ada": 1}, mix_end={"ada": 1, "bob": 3},
        max_train_tokens=None, num_train_epochs=15,
    )  # fmt: skip
    given, shares = task(traces), []
    for stage in range(3):
        now = replace(given, stage=stage)
        rows = objective.rendered(now)
        order = [rows[row].group for batch in objective.batches(rows, now) for row in batch]
        shares.append(order.count("bob") / len(order))
    assert shares == [0, 0.375, 0.75]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mix_by": "model"}, r"mix_start must give a group of model a weight above 0"),
        ({"mix_start": {"a": 1}}, r"mix_start is given, so mix_by must say what its groups are"),
    ],
)
def test_half_a_mix_is_refused(values, message):
    with pytest.raises(UserError, match=message):
        OBJECTIVES.parse({"objective": "sft_staged", **values})


def test_each_stage_begins_with_the_weights_of_the_one_before(make_set, student_folder, tmp_path):
    objective = SftStaged(n_stages=2, shots=1, max_train_tokens=1200, save_steps=1, save_total_limit=0)
    student = resolve(str(student_folder), tmp_path / "runs")
    run = create(tmp_path / "runs", train_request(make_set(hinted()), objective, student, 0))
    seen = []

    class Watched(Job):
        def metric(self, **values):
            seen.append((values.get("stage"), values["step"]))
            super().metric(**values)

    train(Watched(run))
    steps = run.result("scores.json")["stages"]
    assert [facts["stage"] for facts in steps] == ["1 help 1.00", "2 help 0.00"]
    end_of_first = load(str(run.out / "checkpoints" / "0" / f"checkpoint-{steps[0]['steps']}"), dtype="float32")
    # Adam's first step moves no weight by more than about the learning rate, 2e-3
    begun = load(str(run.out / "checkpoints" / "1" / "checkpoint-1"), dtype="float32")
    before, after = (loaded.model.state_dict() for loaded in (end_of_first, begun))
    moved = max(float((before[name] - after[name]).abs().max()) for name in before)
    assert 0 < moved < 3e-3
    assert seen[0][0] == "1 help 1.00"
    assert seen[-1] == ("2 help 0.00", steps[0]["steps"] + steps[1]["steps"])
    assert torch.isfinite(torch.tensor(run.result("scores.json")["loss"]))
