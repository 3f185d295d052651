import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.imports.fenced import split_output
from curation.texts.think import CLOSE, OPEN, Thought, first_tag, split_think

CASES = {
    "tags": ("<think>a</think>b", Thought("a", "b", True)),
    "opened in the prompt": ("a</think>\n\nb", Thought("a", "b", True)),
    "unclosed": ("<think>a", Thought("a", "", False)),
    "doubled": ("<think><think>a</think>b", Thought("<think>a", "b", True)),
    "several blocks": ("<think>a</think>b<think>c</think>d", Thought("a</think>b<think>c", "d", True)),
    "last block unclosed": ("<think>a</think>b<think>c", Thought("a</think>b<think>c", "", False)),
    "empty block": ("<think>\n\n</think>\n\nb", Thought("", "b", True)),
    "text before": ("Hm. <think>a</think>b", Thought("a", "b", True, "Hm.")),
    "answer tags": ("<think>a</think>\n<answer> b </answer>", Thought("a", "b", True)),
    "sky": (
        "<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>b<|end_of_solution|>",
        Thought("a", "b", True),
    ),
    "marco": ("<Thought>\na\n</Thought>\n<Output>\nb\n</Output>", Thought("a", "b", True)),
    "no tags": (" a\nb ", Thought("a\nb", "", None)),
    "gsm8k": ("48/2 = <<48/2=24>>24\n#### 72", Thought("48/2 = <<48/2=24>>24", "72", None)),
    "markdown heading": ("#### Step 1\nadd", Thought("#### Step 1\nadd", "", None)),
    "empty": ("", Thought("", "", None)),
}


@pytest.mark.parametrize("name", CASES)
def test_output_is_split_at_its_tags(name):
    text, thought = CASES[name]
    assert split_think(text) == thought


@given(st.lists(st.sampled_from(["<think>", "</think>", "<Thought>", "a b", "\n", "####", " 7"]), max_size=12))
def test_nothing_but_tags_marks_and_space_is_lost(pieces):
    text = "".join(pieces)
    thought = split_think(text)
    kept = "".join((thought.before, thought.reasoning, thought.answer))
    assert [c for c in strip_tags(kept) if not c.isspace()] == [c for c in strip_tags(text) if not c.isspace()]


def strip_tags(text):
    return CLOSE.sub("", OPEN.sub("", text)).replace("####", "")


def test_a_20_megabyte_output_is_split():
    inner = 'a < b and "c"\n' * 1_500_000
    assert split_think(f"<think>{inner}</think>x") == Thought(inner.strip(), "x", True)


def test_json_in_a_fence_is_read_leniently():
    body = '{\n    "reasoning": "Let \\(x\\) be \\"two\\".\nThen \\frac{1}{2}.",\n    "answer": "$\\frac12$"\n}'
    text = f"```json\n{body}\n```"
    assert split_output(text) == Thought('Let \\(x\\) be "two".\nThen \\frac{1}{2}.', "$\\frac12$", None)


def test_an_echoed_prompt_that_speaks_of_tags_is_kept_apart():
    text = "Answer as <think> .. </think>.\nuser\nWhat is 1+1?\nassistant\n<think>\n1+1=2\n</think>\n2"
    thought = split_output(text, "What is 1+1?")
    assert thought == Thought("1+1=2", "2", True, "Answer as <think> .. </think>.\nuser\nWhat is 1+1?\nassistant")


def test_a_question_restated_inside_the_thought_is_no_echo():
    text = "<think>\nWhat is 1+1? It is 2.\n</think>\n2"
    assert split_output(text, "What is 1+1?") == Thought("What is 1+1? It is 2.", "2", True)


@given(
    st.lists(st.sampled_from(["<", "<think>", "</THINK>", "<|end_of_thought|>", ">", "a", "</", "think>"])).map(
        "".join
    )
)
def test_tags_are_found_where_a_search_for_them_finds_them(text):
    for tag in (OPEN, CLOSE):
        for start, stop in ((0, len(text)), (2, len(text) - 3)):
            found, searched = first_tag(tag, text, start, stop), tag.search(text, start, stop)
            assert (found and found.span()) == (searched and searched.span())
    closed = list(CLOSE.finditer(text))
    if closed and not OPEN.search(text):
        assert split_think(text) == Thought(text[: closed[-1].start()].strip(), text[closed[-1].end() :].strip(), True)
