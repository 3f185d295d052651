import pytest

from curation.backends.pieces import stops


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        ("a b", ["a", "Ġb"], [1, 3]),
        ("é☃", ["Ã", "©", "âĺ", "ĥ"], [1, 1, 2, 2]),
        ("<think>\nso", ["<think>", "Ċ", "so"], [7, 8, 10]),
        ("a b", ["▁a", "▁b"], [1, 3]),
        ("é b", ["<0xC3>", "<0xA9>", "▁b"], [1, 1, 3]),
        ("", [], []),
        ("other", ["a"], None),
    ],
)
def test_tokens_end_where_their_last_character_does(text, tokens, expected):
    assert stops(text, tokens) == expected
