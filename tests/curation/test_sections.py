from itertools import groupby

import pytest

from curation.exports.labelled import Labelled
from curation.rendering import render_chat, student_tokenizer
from curation.runs import PROJECT
from curation.sections import ChunkPlace, Loss, chunk_of, trained
from curation.trace import Problem, Segment, Trace, canonical_json

STUDENT = str(PROJECT / "data" / "base_student")
QWEN = (
    "{% for message in messages %}{% if message.role == 'assistant' and loop.last and not add_generation_prompt %}"
    "{{ '<|assistant|>' }}<think>\n\n</think>\n\n{{ message.content + '<|end|>\n' }}"
    "{% elif message.role == 'assistant' %}{{ '<|assistant|>' + message.content + '<|end|>\n' }}"
    "{% else %}{{ '<|user|>' + message.content + '<|end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@pytest.fixture
def tokenizer():
    return student_tokenizer(STUDENT)


def shown(tokenizer, trace, loss=None, **options):
    """The trained stretches of a trace's text."""
    chat = render_chat(tokenizer, trace, **options)
    ranges = trained(chat, trace, loss) if loss else trained(chat, trace)
    return [chat.text[chat.offsets[start][0] : chat.offsets[stop - 1][1]] for start, stop in ranges]


def sections(tokenizer, trace):
    """The text cut where its section changes."""
    chat = render_chat(tokenizer, trace)
    told = [(span.section, chat.text[start:stop])
            for span, (start, stop) in zip(chat.sections, chat.offsets, strict=True)]  # fmt: skip
    return [(name, "".join(text for _, text in group)) for name, group in groupby(told, lambda pair: pair[0])]


def test_a_row_is_prompt_reasoning_with_its_tags_and_answer_with_its_end(tokenizer):
    assert sections(tokenizer, Trace(Problem("What is 1 + 2?"), "1 + 2 = 3.", "It is 3.")) == [
        ("prompt", "<|user|>What is 1 + 2?<|assistant|>"),
        ("reasoning", "<think>\n1 + 2 = 3.\n</think>\n"),
        ("answer", "It is 3.<|end|>"),
    ]


def test_without_reasoning_there_is_no_reasoning_section(tokenizer):
    assert sections(tokenizer, Trace(Problem("What is 1 + 2?"), "", "It is 3.")) == [
        ("prompt", "<|user|>What is 1 + 2?<|assistant|>"),
        ("answer", "It is 3.<|end|>"),
    ]


def test_a_template_that_adds_an_empty_think_block_to_the_last_turn_keeps_the_turns_apart(tokenizer):
    before = tokenizer.chat_template
    tokenizer.chat_template = QWEN
    agent = Trace(Problem("Where?"), "assistant: look\n\ntool: here", "Here.", form="agent")
    found = shown(tokenizer, agent)
    tokenizer.chat_template = before
    assert found == ["look<|end|>\n", "<think>\n\n</think>\n\nHere.<|end|>\n"]


def test_a_dialogue_whose_last_turn_nobody_answers_ends_with_the_assistant(tokenizer):
    talk = Trace(Problem("Hello?"), "assistant: Yes?\n\nuser: Bye.", form="dialogue")
    assert sections(tokenizer, talk) == [
        ("prompt", "<|user|>Hello?<|assistant|>"),
        ("reasoning", "Yes?<|end|>"),
    ]


def test_kinds_leave_out_tags_and_other_segments(tokenizer):
    text = "Look at it. 1 + 2 = 3. Sure."
    segments = (Segment(0, 12, "plan"), Segment(12, 23, "attempt"), Segment(23, 28, "check"))
    trace = Trace(Problem("1 + 2?"), text, "3", segments=segments)
    assert shown(tokenizer, trace, Loss(("reasoning",), ("plan", "check"))) == ["Look at it.", " Sure."]


def test_the_exported_labels_are_those_that_are_trained(tokenizer):
    segments = (Segment(0, 12, "plan"), Segment(12, 22, "attempt"))
    trace = Trace(Problem("1 + 2?"), "Look at it. 1 + 2 = 3.", "It is 3.", segments=segments)
    row = Labelled(tokenizer=STUDENT, kinds=["attempt"]).row(trace)
    places = [place for place, label in enumerate(row["labels"]) if label != -100]
    ranges = trained(render_chat(tokenizer, trace), trace, Loss(kinds=("attempt",)))
    assert places == [place for start, stop in ranges for place in range(start, stop)]


def test_a_trace_says_which_chunk_it_is():
    extra = canonical_json({"chunk": {"index": 1, "n_chunks": 3, "start": 4}})
    assert chunk_of(Trace(Problem("?"), "a b c", extra=extra)) == ChunkPlace(1, 3, 4)
    assert chunk_of(Trace(Problem("?"), "a b c")) == ChunkPlace(0, 1, 0)
    assert [ChunkPlace(1, 3, 4).last, ChunkPlace(2, 3, 9).last] == [False, True]


def test_a_chunk_after_a_line_break_begins_with_its_own_word(tokenizer):
    text = "First 3.\n\nThen 7. "
    extra = canonical_json({"chunk": {"index": 1, "n_chunks": 3, "start": 10}})
    trace = Trace(Problem("?"), text, extra=extra)
    assert shown(tokenizer, trace, Loss(chunk=True), unfinished=True) == ["Then 7."]
