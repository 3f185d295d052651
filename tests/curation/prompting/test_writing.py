"""Writing solutions: what becomes of an answer's parts, and what each call of an outline may see."""

from collections.abc import Sequence

import pytest

from curation.backends.scripted import Scripted
from curation.models import Completion, Request
from curation.prompting.prompts import shipped
from curation.prompting.talks import Unusable
from curation.prompting.writing import (
    Asking,
    Written,
    read_count,
    read_outline,
    solution,
    write_by_outline,
    write_freely,
    write_stepwise,
)

ASKING = Asking(Request("", max_new_tokens=50), {"question": "1 + 2 + 3?", "shots": "", "reference": "6"})
OUTLINE = ["add the first two", "add the third", "compare", "look back", "say it", "once more", "nearly", "the end"]
PROMPTS = {name: shipped("generate", name) for name in ("count", "outline", "step", "next", "answer")}


def completion(text: str, reason: str = "stop", reasoning: str = "") -> Completion:
    return Completion(text, (1, 2), reason, reasoning=reasoning)


def play(talk, answers: Sequence[str]) -> tuple[object, list[str]]:
    """A talk with these answers in turn: what it came to, and the prompts."""
    model, prompts = Scripted(list(answers)), []
    try:
        request = next(talk)
        while True:
            prompts.append(request.prompt[-1]["content"])
            request = talk.send(model.complete([request])[0])
    except StopIteration as ended:
        return ended.value, prompts


@pytest.mark.parametrize(
    ("answer", "prefix", "written"),
    [
        (completion("<think>1 + 1\n</think>\n\nIt is 2."), "", Written("1 + 1", "It is 2.", True)),
        (completion("1 + 1</think>2"), "", Written("1 + 1", "2", True)),  # the prompt opened the tag
        (completion("So 1 + 1 = 2."), "", Written("So 1 + 1 = 2.")),
        (completion("1 + 1 = 2\n#### 2"), "", Written("1 + 1 = 2", "2")),
        (completion("2", reasoning="1 + 1"), "", Written("1 + 1", "2", True)),
        (completion("", reasoning="1 + 1"), "", Written("1 + 1", "", False)),
        (completion("1 and 1</think>2"), "<think>\nFirst, ", Written("First, 1 and 1", "2", True)),
        (completion("2", reasoning="1 and 1"), "<think>First, ", Written("First, 1 and 1", "2", True)),
        (completion("It is 2."), "<think>\n\n</think>\n\n", Written("It is 2.")),
        (completion("one more.\n\nIt is 2."), "Count: ", Written("Count: one more.\n\nIt is 2.")),
        (completion("<think>Forever"), "", Written("Forever", "", False)),
        (completion("<think>1 + 1</think>It is 2", "length"), "", Written("1 + 1\n\nIt is 2", "", False)),
        (completion("1 + 1 = 2 #### 2", "length"), "", Written("1 + 1 = 2 #### 2", "", False)),
        (completion("", "length", "1 +"), "", Written("1 +", "", False)),
    ],
)
def test_an_answer_is_split_into_reasoning_and_answer(answer, prefix, written):
    assert solution(answer, prefix) == written


def test_an_outline_is_written_out_byte_for_byte_and_no_call_sees_a_later_line():
    texts = [f"Step {n}: {n} and {{braces}} \\(x_{n}\\)." for n in range(8)]
    numbered = "\n".join(f"{n}. {line}" for n, line in enumerate(OUTLINE, 1))
    talk = write_by_outline(ASKING, PROMPTS, 0, 16, 1.0)
    written, prompts = play(talk, ["It takes 8 steps.", numbered, *texts, "The answer is 6."])
    notes = {"outline": OUTLINE, "budget": 1.0, "steps": 8}
    assert written == Written("\n\n".join(texts), "The answer is 6.", None, notes)
    assert (len(prompts), "8 steps" in prompts[1]) == (11, True)
    for place, prompt in enumerate(prompts[2:10]):
        assert [line in prompt for line in OUTLINE] == [place <= n <= place + 1 for n in range(8)]
        assert [text in prompt for text in texts] == [n < place for n in range(8)]
    assert not any(line in prompts[10] for line in OUTLINE)
    assert "\n\n".join(texts) in prompts[10]


@pytest.mark.parametrize(("share", "steps"), [(1.0, 7), (0.5, 4), (0.25, 2), (0.01, 1)])
def test_a_budget_keeps_the_first_lines_of_the_outline(share, steps):
    numbered = "\n".join(f"{n}) {line}" for n, line in enumerate(OUTLINE[:7], 1))
    written, prompts = play(write_by_outline(ASKING, PROMPTS, 7, 16, share), [numbered, *"1234567"[:steps], "6"])
    assert written.reasoning.split("\n\n") == list("1234567"[:steps])
    assert written.notes == {"outline": OUTLINE[:7], "budget": share, "steps": steps}
    assert len(prompts) == steps + 2
    assert "none: this is the last step" in prompts[steps]


def test_eight_lines_at_half_a_budget_are_four():
    numbered = "\n".join(f"Step {n}: {line}" for n, line in enumerate(OUTLINE, 1))
    written, _ = play(write_by_outline(ASKING, PROMPTS, 8, 16, 0.5), [numbered, *"abcd", "6"])
    assert written.reasoning == "a\n\nb\n\nc\n\nd"


def test_thinking_is_no_part_of_a_step():
    answers = ["<think>hm</think>1. add\n2. say", "<think>one</think>1 + 2 = 3.", "<think>two</think>3 + 3 = 6.", "6"]
    written, prompts = play(write_by_outline(ASKING, PROMPTS, 2, 16, 1.0), answers)
    assert (written.reasoning, written.answer) == ("1 + 2 = 3.\n\n3 + 3 = 6.", "6")
    assert not any("hm" in prompt or "two" in prompt for prompt in prompts)


def test_a_step_that_is_cut_off_ends_the_solution_without_an_answer():
    talk = write_by_outline(ASKING, PROMPTS, 2, 16, 1.0)
    written, prompts = play(talk, ["1. add\n2. say", "and " * 60])
    assert (written.answer, written.closed, len(prompts)) == ("", False, 2)
    assert written.reasoning == ("and " * 50).strip()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["none at all"], "unreadable: no number of steps"),
        (["3", "I would begin by adding."], "unreadable: no numbered steps"),
        ([""], "empty: the model wrote nothing"),
        (["2", "1. a", "<think>and so on"], "empty: the model thought, and said nothing"),
        (["2", "1. a " + "and " * 60], "cut off: the answer reached its limit of 50 tokens"),
    ],
)
def test_a_plan_that_cannot_be_read_gives_no_solution(answers, reason):
    with pytest.raises(Unusable, match=reason):
        play(write_by_outline(ASKING, PROMPTS, 0, 16, 1.0), answers)


def test_steps_are_asked_until_one_states_the_answer():
    written, prompts = play(write_stepwise(ASKING, PROMPTS, 9), ["1 + 2 = 3.", "3 + 3 = 6.\n**Final answer:** 6", "x"])
    assert written == Written("1 + 2 = 3.\n\n3 + 3 = 6.", "**Final answer:** 6", None, {"steps": 2})
    assert ["(nothing yet)" in prompt for prompt in prompts] == [True, False]
    assert "1 + 2 = 3." in prompts[1]


def test_after_the_most_steps_the_answer_is_asked_for():
    written, prompts = play(write_stepwise(ASKING, PROMPTS, 2), ["a", "b", "The answer is 6."])
    assert written == Written("a\n\nb", "The answer is 6.", None, {"steps": 2})
    assert prompts[2].startswith("Problem: 1 + 2 + 3?\n\nA solution:\na\n\nb")


def test_a_first_thought_is_the_first_paragraph_of_a_plain_solution():
    model = Scripted(["Add them in turn.\n \n1 + 2 = 3 ...", "import nothing"])
    talk = write_freely(ASKING, "{question} As a program.", "# ", "{question} In words.")
    first = next(talk)
    second = talk.send(model.complete([first])[0])
    with pytest.raises(StopIteration) as ended:
        talk.send(model.complete([second])[0])
    assert [one.prompt[0]["content"] for one in (first, second)] == [
        "1 + 2 + 3? In words.", "1 + 2 + 3? As a program.",
    ]  # fmt: skip
    assert (first.prefix, second.prefix) == ("", "# Add them in turn.\n\n")
    assert ended.value.value.reasoning == "# Add them in turn.\n\nimport nothing"


def test_numbers_of_steps_and_outlines_are_bounded():
    assert [read_count(text, 9) for text in ("0 or 4", "Step count: 12", "**3**")] == [4, 9, 3]
    assert read_outline("Plan:\n1. a\n 2) b\n- 3: c\n\nStep 4. d\n5 apples", 3) == ["a", "b", "c"]
