import pytest
import torch
from worlds import sum_trace, sums

from curation.errors import UserError
from curation.trace import Problem, Segment, Trace
from training.objective import OBJECTIVES
from training.objectives.sft import Sft
from training.rows.data import pieces

QUICK = {"max_train_tokens": None, "num_train_epochs": 1, "max_length": 250, "lr_scheduler_type": "linear"}
POT = Trace(Problem("What is 5 + 6?", "11", "sums"), "x = 5 + 6", "print(x)", "teacher", form="pot")


def parts(trace):
    """The text of a row in three parts: what is asked, the reasoning with its tags, the answer with its end."""
    return (
        f"<|u|>{trace.question}<|a|>",
        f"<think>\n{trace.reasoning}\n</think>\n",
        f"{trace.answer}<|e|>",
    )


def width(text):
    """Tokens of a text: every byte is one, and a special token is one."""
    for special in ("<|u|>", "<|a|>", "<|e|>"):
        text = text.replace(special, "*")
    return len(text.encode())


def masks(trace, sections):
    """One flag a token, laid out by hand; nothing foretells the first token."""
    flags = []
    for name, text in zip(("prompt", "reasoning", "answer"), parts(trace), strict=True):
        flags += [name in sections] * width(text)
    flags[0] = False
    return torch.tensor(flags, dtype=torch.float32)


def mean(losses, flags):
    """The mean loss of the flagged tokens of several rows."""
    return sum((loss * flag).sum() for loss, flag in zip(losses, flags, strict=True)) / sum(map(torch.sum, flags))


def trained_text(objective, task):
    """Of each row, the text of its trained tokens."""
    rows = objective.rendered(task)
    return ["".join(p.text for p in pieces(task.student.tokenizer, row) if p.trained) for row in rows]


@pytest.mark.parametrize(
    "sections",
    [
        ["answer"],
        ["prompt", "answer"],
        ["reasoning"],
        ["reasoning", "answer"],
        ["prompt", "reasoning"],
        ["prompt", "reasoning", "answer"],
    ],
    ids="+".join,
)
@pytest.mark.parametrize("packing", [False, True], ids=["padded", "packed"])
def test_the_loss_of_chosen_sections_is_their_mean_cross_entropy(task, losses, token_losses, sections, packing):
    traces = [sum_trace(1, 2), sum_trace(100, 200)]
    given = task(traces)
    setup = Sft(sections=sections, packing=packing, **QUICK).setup(given)
    expected = mean(
        [token_losses(given.student.model, "".join(parts(trace))) for trace in traces],
        [masks(trace, sections) for trace in traces],
    )
    assert losses(setup)[0].item() == pytest.approx(expected.item(), abs=1e-5)


def test_with_kinds_only_segments_of_these_kinds_carry_loss_in_the_reasoning(task, losses, token_losses):
    reasoning = "Let me see. 3 + 4 = 7. Wait, yes."
    spans = (Segment(0, 12, "filler"), Segment(12, 23, "attempt"), Segment(23, 33, "check"))
    trace = Trace(Problem("3 + 4?", "7"), reasoning, "7", segments=spans)
    given = task([trace])
    setup = Sft(kinds=["attempt"], **QUICK).setup(given)
    text = "".join(parts(trace))
    flags = torch.zeros(width(text))
    attempt = width("<|u|>3 + 4?<|a|><think>\nLet me see. ")
    flags[attempt : attempt + 11] = 1
    flags[-2:] = 1
    expected = mean([token_losses(given.student.model, text)], [flags])
    assert losses(setup)[0].item() == pytest.approx(expected.item(), abs=1e-5)


def test_kinds_need_segments(task):
    with pytest.raises(UserError, match=r"has no segments, so its kinds are unknown: add 'segment'"):
        Sft(kinds=["attempt"], **QUICK).setup(task())


@pytest.mark.parametrize("packing", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_two_tasks_weigh_lambda_and_one_minus_lambda(task, losses, token_losses, share, packing):
    traces = [sum_trace(100, 200), POT]
    given = task(traces)
    setup = Sft(weights={"cot": share, "pot": 1 - share}, packing=packing, **QUICK).setup(given)
    one, other = (
        mean([token_losses(given.student.model, "".join(parts(trace)))], [masks(trace, ["reasoning", "answer"])])
        for trace in traces
    )
    assert losses(setup)[0].item() == pytest.approx((share * one + (1 - share) * other).item(), abs=1e-5)


def test_a_form_without_a_weight_is_named(task):
    with pytest.raises(UserError, match=r"weights names cot, but the set also has traces of form pot"):
        Sft(weights={"cot": 1}, **QUICK).setup(task([sum_trace(1, 2), POT]))


def test_batches_of_weighed_forms_hold_some_of_each(task):
    cot = sums(12)
    pot = [Trace(Problem(f"{n}?", "1"), f"x = {n}", "print(x)", form="pot") for n in range(12)]
    given = task([*cot, *pot])
    objective = Sft(weights={"cot": 0.5, "pot": 0.5}, per_device_train_batch_size=8, batch_tokens=None, **QUICK)
    rows = objective.rendered(given)
    batches = objective.batches(rows, given)
    assert [sorted(rows[row].form for row in batch) for batch in batches] == [["cot"] * 4 + ["pot"] * 4] * 3


def test_rows_or_problems_may_count_alike(task, losses, token_losses):
    twice = Trace(sum_trace(1, 2).problem, "one and two", "3")
    traces = [sum_trace(1, 2), twice, sum_trace(100, 200)]
    given = task(traces)
    flags = [masks(trace, ["reasoning", "answer"]) for trace in traces]
    lost = [token_losses(given.student.model, "".join(parts(trace))) * flag
            for trace, flag in zip(traces, flags, strict=True)]  # fmt: skip
    by_row = sum(loss.sum() / flag.sum() for loss, flag in zip(lost, flags, strict=True)) / 3
    # -1/n sum over problems of 1/l sum over their l rows of log p(row)
    by_problem = ((lost[0].sum() + lost[1].sum()) / 2 + lost[2].sum()) / 2
    assert losses(Sft(average="row", **QUICK).setup(given))[0].item() == pytest.approx(by_row.item(), abs=1e-5)
    assert losses(Sft(average="problem", **QUICK).setup(given))[0].item() == pytest.approx(by_problem.item(), rel=1e-5)


def test_accumulated_batches_of_weighed_rows_count_alike(task):
    given = task([sum_trace(1, 2)])
    trainer = Sft(average="row", **QUICK).setup(given).trainer
    batch = trainer.data_collator([{"rows": [0]}])
    trainer.current_gradient_accumulation_steps = 1
    whole = trainer.compute_loss(trainer.model, dict(batch)).item()
    trainer.current_gradient_accumulation_steps = 4
    assert trainer.compute_loss(trainer.model, dict(batch)).item() == pytest.approx(whole / 4)


def test_a_packed_row_does_not_attend_to_the_one_before_it(task):
    given = task([sum_trace(1, 2), sum_trace(3, 4)])
    trainer = Sft(packing=True, **QUICK).setup(given).trainer
    first, second = (trainer.data_collator([{"rows": rows}]) for rows in ([0, 1], [1]))
    behind = trainer.model(input_ids=first["input_ids"], position_ids=first["position_ids"], use_cache=False).logits
    alone = trainer.model(input_ids=second["input_ids"], position_ids=second["position_ids"], use_cache=False).logits
    assert torch.allclose(behind[:, -alone.shape[1] :], alone, atol=1e-5)


def test_an_instruction_names_the_smallest_budget_that_holds_the_reasoning(task):
    traces = [Trace(Problem("a?"), "x" * length, "1") for length in (8, 9, 40)]
    objective = Sft(instruction="In {budget} tokens: {question}", budgets=[16, 8], **QUICK)
    rows = objective.rendered(task(traces))
    assert [row.text.split("<|a|>")[0] for row in rows] == [
        "<|u|>In 8 tokens: a?",
        "<|u|>In 16 tokens: a?",
        "<|u|>In 16 tokens: a?",
    ]
    assert [row.defects for row in rows] == [(), (), ("over_budget",)]


def test_a_form_may_have_an_instruction_of_its_own(task):
    objective = Sft(instructions={"pot": "{question} Write a program."}, **QUICK)
    rows = objective.rendered(task([sum_trace(5, 6), POT]))
    assert [row.text.split("<|a|>")[0] for row in rows] == [
        "<|u|>What is 5 + 6?",
        "<|u|>What is 5 + 6? Write a program.",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"instruction": "Answer."}, r"sft.instruction: an instruction must hold the slot \{question\}"),
        ({"instructions": {"pot": "x"}}, r"sft.instructions.pot: an instruction must hold the slot"),
        ({"instruction": "{question} {budget}"}, r"names \{budget\}, so budgets must list at least one"),
        ({"budgets": [5]}, r"no instruction has the slot \{budget\}"),
        ({"sections": []}, r"sft.sections: list should have at least 1 item"),
    ],
)
def test_what_cannot_be_asked_is_refused(values, message):
    with pytest.raises(UserError, match=message):
        OBJECTIVES.parse({"objective": "sft", **values})


def test_of_a_conversation_exactly_the_assistants_turns_are_trained(task):
    turns = "assistant: find it\n\nuser: Observation: 4\n\nassistant: it is 4"
    agent = Trace(Problem("Which?", "4"), turns, "Four.", form="agent")
    open_end = Trace(Problem("Who?", "4"), "assistant: finish[4]\n\nuser: Observation: done", form="agent")
    rows = Sft(**QUICK).rendered(task([agent, open_end]))
    assert [row.text for row in rows] == [
        "<|u|>Which?<|a|>find it<|e|><|u|>Observation: 4<|a|><think>\nit is 4\n</think>\nFour.<|e|>",
        "<|u|>Who?<|a|>finish[4]<|e|>",
    ]
    assert trained_text(Sft(**QUICK), task([agent, open_end])) == [
        "find it<|e|><think>\nit is 4\n</think>\nFour.<|e|>",
        "finish[4]<|e|>",
    ]
    assert trained_text(Sft(sections=["answer"], **QUICK), task([agent])) == ["Four.<|e|>"]


def test_rows_without_a_trained_token_are_counted(task):
    without = Trace(Problem("Why?"), "no idea", "")
    setup = Sft(sections=["answer"], max_length=40, **{k: v for k, v in QUICK.items() if k != "max_length"}).setup(
        task([Trace(Problem("1?"), "1", "1"), Trace(Problem("2?"), "2" * 60, "2"), without])
    )
    assert (setup.facts["rows"], setup.facts["rows_trained"], setup.facts["rows_untrained"]) == (3, 2, 1)


def test_adapters_learn_from_weighed_and_packed_rows_as_whole_weights_do(task, losses):
    found = [
        losses(Sft(average="row", packing=True, lora=lora, lora_r=2, **QUICK).setup(task()))[0]
        for lora in (False, True)
    ]
    assert found[0].item() == pytest.approx(found[1].item(), abs=1e-5)  # adapters begin at zero
    assert found[1].requires_grad
