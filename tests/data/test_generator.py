"""The demo's generator: the same rows every time, the planted noise, and the shipped files."""

import gzip
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from data.generator import base_student
from data.generator.problems import Step, is_sound, make_problem, run
from data.generator.rows import (
    DATA,
    N_SAMPLES,
    Sample,
    assert_disjoint,
    benchmark,
    problem_row,
    samples,
    trace_row,
    truth_row,
    write_samples,
)
from data.generator.solution import draw_noise

SIDE_ROLES = {"filler", "check", "alternative", "redo", "slip", "backtrack"}


@cache
def all_samples() -> tuple[Sample, ...]:
    return tuple(samples())


def shipped(path: str) -> list[dict[str, Any]]:
    raw = (DATA / path).read_bytes()
    text = gzip.decompress(raw) if path.endswith(".gz") else raw
    return [json.loads(line) for line in text.decode().splitlines()]


def boxed(generation: str) -> str | None:
    found = re.findall(r"\\boxed\{(\d+)\}", generation)
    return found[-1] if found else None


def test_steps_change_the_pile() -> None:
    steps = [Step("add", 5, "She", "buys 5 more"), Step("double", 0, "She", "doubles the pile")]
    assert run(12, steps) == [12, 17, 34]


def test_an_odd_pile_has_no_half() -> None:
    assert not is_sound(17, [Step("half", 0, "She", "gives away half")])


def test_the_same_seed_gives_the_same_problem() -> None:
    assert make_problem(3, 4, True) == make_problem(3, 4, True)


def test_a_distractor_is_in_the_question_and_not_in_the_answer() -> None:
    problem = make_problem(11, 3, True)
    assert problem.distractor is not None
    assert f"{problem.distractor.clause}." in problem.question
    assert problem.answer == run(problem.start, problem.steps)[-1] != run(problem.start, problem.misread)[-1]


def test_samples_are_deterministic() -> None:
    assert samples(20) == list(all_samples()[:20])


def test_questions_are_disjoint() -> None:
    train = {sample.problem.question for sample in all_samples()}
    assert len(train) == N_SAMPLES
    assert_disjoint(train, {problem.question for problem in benchmark(train)})


def test_overlapping_questions_are_refused() -> None:
    with pytest.raises(AssertionError, match="1 questions are in both sets"):
        assert_disjoint({"a", "b"}, {"b", "c"})


def test_the_base_student_never_sees_a_held_out_question() -> None:
    train = {sample.problem.question for sample in all_samples()}
    held_out = train | {problem.question for problem in benchmark(train)}
    rows = base_student.draw_ids(base_student.mixture(), lambda text: [ord(char) for char in text], 200_000)
    texts = ["".join(map(chr, row)) for row in rows]
    assert not any(question in text for text in texts[:300] for question in held_out)


def test_noise_is_about_as_designed() -> None:
    noise = Counter(sample.long.noise for sample in all_samples())
    assert 0.55 < noise["none"] / N_SAMPLES < 0.66
    assert 0.14 < noise["distractor_error"] / N_SAMPLES < 0.21
    assert all(0.03 < noise[kind] / N_SAMPLES < 0.09 for kind in ("slip", "skipped_step", "loop", "truncated"))


def test_noise_decides_the_outcome_of_both_forms() -> None:
    for sample in all_samples():
        right = str(sample.problem.answer)
        answers = {boxed(sample.long.generation), boxed(sample.concise)}
        if sample.long.noise == "none":
            assert answers == {right}
        elif sample.long.noise in ("loop", "truncated"):
            assert answers == {None}
        else:
            assert answers.isdisjoint({right, None})
            assert len(answers) == 1


def test_spans_tile_the_reasoning() -> None:
    for sample in all_samples():
        spans = sample.long.spans
        assert spans[0].start == 0
        assert spans[-1].end == len(sample.long.reasoning)
        assert [span.end for span in spans[:-1]] == [span.start for span in spans[1:]]


def test_spans_point_at_the_right_text() -> None:
    for sample in all_samples()[:300]:
        text = {span.role: sample.long.reasoning[span.start : span.end] for span in sample.long.spans}
        assert text["restate"].startswith(("Okay, so", "Let me understand", "Alright, I am"))
        if sample.long.noise == "none":
            assert str(sample.problem.answer) in text["conclusion"]
        if "backtrack" in text:
            assert text["backtrack"].startswith(("Wait", "Hmm, wait")) or sample.long.noise == "truncated"


def test_dropping_the_side_spans_leaves_the_sums_right() -> None:
    for sample in all_samples():
        if sample.long.noise != "none":
            continue
        kept = [span for span in sample.long.spans if span.role not in SIDE_ROLES]
        text = "".join(sample.long.reasoning[span.start : span.end] for span in kept)
        sums = re.findall(r"(\d+) ([-+*/]) (\d+) = (\d+)", text)
        assert [item.text for item in sample.long.sums] == [f"{a} {op} {b} = {c}" for a, op, b, c in sums]


def test_shipped_files_are_what_the_generator_gives() -> None:
    rows = all_samples()[:50]
    assert shipped("samples/teacher_traces.jsonl.gz")[:50] == [
        trace_row(row.problem, row.long.generation, "demo-teacher") for row in rows
    ]
    assert shipped("samples/concise_traces.jsonl.gz")[:50] == [
        trace_row(row.problem, row.concise, "demo-teacher-concise") for row in rows
    ]
    assert shipped("samples/planted.jsonl.gz")[:50] == [truth_row(row.problem, row.long) for row in rows]
    train = {row.problem.question for row in all_samples()}
    assert shipped("benchmark/word_problems.jsonl") == [problem_row(problem) for problem in benchmark(train)]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    write_samples(tmp_path / "a")
    write_samples(tmp_path / "b")
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 4
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)


def test_buckets_hold_every_row_within_the_budget() -> None:
    rows = [[1] * length for length in (5, 1, 3, 4, 2)]
    batches = base_student.bucket(rows, 6)
    assert batches == [[[1], [1, 1], [1, 1, 1]], [[1] * 4], [[1] * 5]]


def test_the_template_marks_the_assistant_tokens() -> None:
    tokenizer = _tokenizer()
    messages = [
        {"role": "user", "content": "Hi?"},
        {"role": "assistant", "content": "<think>\n1 + 2 = 3.\n</think>\n3"},
    ]
    rows = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    ids, mask = rows["input_ids"], rows["assistant_masks"]
    trained = [token for token, kept in zip(ids, mask, strict=True) if kept]
    assert tokenizer.decode(trained) == "<think>\n1 + 2 = 3.\n</think>\n3<|end|>"
    assert tokenizer.decode(trained, skip_special_tokens=True) == "<think>\n1 + 2 = 3.\n</think>\n3"


def test_the_tokenizer_keeps_any_text() -> None:
    text = "Ana's pile: 12 + 5 = 17,\n\n\\(x^2\\) and é, 中\ttab."
    tokenizer = _tokenizer()
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_every_digit_is_its_own_token() -> None:
    assert _tokenizer().tokenize("4217")[-4:] == ["4", "2", "1", "7"]


def test_the_base_student_answers_a_two_step_problem() -> None:
    from transformers import AutoModelForCausalLM

    tokenizer = _tokenizer()
    model = AutoModelForCausalLM.from_pretrained(DATA / "base_student", local_files_only=True)
    question = "Ana has 12 apples. She buys 5 more. She doubles the pile. How many apples does Ana have now?"
    chat = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    output = model.generate(**prompt, max_new_tokens=80, do_sample=False)
    assert boxed(tokenizer.decode(output[0])) == "34"


def test_noise_is_drawn_from_the_seed_alone() -> None:
    import random

    problem = make_problem(5, 4, True)
    assert draw_noise(random.Random(1), problem) == draw_noise(random.Random(1), problem)


@cache
def _tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(DATA / "base_student", local_files_only=True)
