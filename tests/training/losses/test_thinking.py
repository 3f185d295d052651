import pytest
from worlds import TEMPLATE

from curation.models import ask
from training.losses.thinking import opened, prompt_text

OPENING = TEMPLATE.replace("<|a|>{% endif %}", "<|a|><think>\n{% endif %}")
EMPTY = "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
SWITCHING = TEMPLATE.replace("<|a|>{% endif %}", "<|a|>" + EMPTY + "{% endif %}")
FREE = "<think>\n\n</think>\n"


@pytest.fixture
def spoken(tokenizer):
    """The prompt of one question under another chat template."""

    def speak(template, thinking):
        before = tokenizer.chat_template
        tokenizer.chat_template = template
        try:
            return prompt_text(tokenizer, ask("Why?"), thinking)
        finally:
            tokenizer.chat_template = before

    return speak


@pytest.mark.parametrize(
    ("template", "thinking", "free"),
    [
        (TEMPLATE, "<|u|>Why?<|a|>", "<|u|>Why?<|a|><think>\n\n</think>\n"),
        (OPENING, "<|u|>Why?<|a|><think>\n", "<|u|>Why?<|a|><think>\n\n</think>\n"),
        (SWITCHING, "<|u|>Why?<|a|>", "<|u|>Why?<|a|><think>\n\n</think>\n\n"),
    ],
    ids=["plain", "opens the tag", "its own switch"],
)
def test_without_thinking_the_prompt_ends_in_one_empty_block(spoken, template, thinking, free):
    assert spoken(template, "thinking") == thinking
    assert spoken(template, "thinking_free") == free
    assert free.count("<think>") == free.count("</think>") == 1


def test_with_thinking_the_prompt_is_the_plain_template(spoken, tokenizer):
    plain = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Why?"}], tokenize=False, add_generation_prompt=True
    )
    assert prompt_text(tokenizer, ask("Why?"), "thinking") == plain


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("<|u|>Why?<|a|>", ""),
        ("<|u|>Why <think>?<|a|>", ""),
        ("<|u|>Why?<|a|><think>\n", "<think>"),
        ("<|u|>Why?<|a|>" + FREE, FREE),
        ("<|u|>Why?<|a|></think>", ""),
    ],
)
def test_what_the_prompt_opened_is_known(prompt, wanted):
    assert opened(prompt) == wanted
