import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from curation.errors import UserError
from curation.operators.count_tokens import CountTokens
from curation.texts.tokens import estimate_tokens, token_stops


@pytest.fixture
def tokenizer_folder(tmp_path):
    words = {"[UNK]": 0, "one": 1, "two": 2, "three": 3}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(tmp_path)
    return str(tmp_path)


def test_estimate_counts_digits_symbols_and_parts_of_words(make_trace):
    trace = make_trace("Step 1: 60 - 15 = 45.\nMultiplication", answer="So 45.")
    assert CountTokens().annotate(trace).scores == {"n_tokens": 20, "n_reasoning_tokens": 16}


def test_empty_trace_has_no_tokens(make_trace):
    assert CountTokens().annotate(make_trace("")).scores == {"n_tokens": 0, "n_reasoning_tokens": 0}


def test_a_tokenizer_folder_counts_without_special_tokens(make_trace, tokenizer_folder):
    trace = make_trace("one two three", answer="two")
    scores = CountTokens(tokenizer=tokenizer_folder).annotate(trace).scores
    assert scores == {"n_tokens": 4, "n_reasoning_tokens": 3}


def test_token_ends_are_character_offsets(tokenizer_folder):
    assert token_stops("one two three", tokenizer_folder) == [3, 7, 13]
    assert token_stops("one 22") == [3, 5, 6]


@given(st.text(alphabet=st.one_of(st.sampled_from("aé×ªñ字٣1_ .!\n\t\x85"), st.characters()), max_size=80))
def test_the_estimate_counts_the_tokens_whose_ends_it_tells(text):
    assert estimate_tokens(text) == len(token_stops(text))


def test_a_tokenizer_that_is_not_here_is_named(make_trace, tmp_path):
    operator = CountTokens(tokenizer=str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere' cannot be loaded"):
        operator.annotate_batch([make_trace("one")])
