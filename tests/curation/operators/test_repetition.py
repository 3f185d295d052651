import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.operators.repetition import Repetition, ending_loop, words_of


def scores(trace, **fields):
    return Repetition(**fields).annotate(trace).scores


def test_text_without_repeats_scores_zero(make_trace):
    trace = make_trace("one two three four five six")
    assert scores(trace) == {"repetition": 0.0, "loop_share": 0.0, "n_loops": 0}


def test_repeated_sequences_are_a_share_of_all(make_trace):
    # 2-grams: ab bc ca ab bc: 5, of which 3 differ
    trace = make_trace("a b c a b c")
    assert scores(trace, n=2) == {"repetition": pytest.approx(2 / 5), "loop_share": 0.0, "n_loops": 0}


def test_a_loop_at_the_end_is_measured_without_its_broken_last_word(make_trace):
    trace = make_trace("first it was fine then let me check let me check let me check let me che")
    # 17 words; "let me check" turns three times and a bit: 11 words before the broken one
    assert scores(trace) == {"repetition": pytest.approx(5 / 14), "loop_share": pytest.approx(11 / 17), "n_loops": 3}


def test_too_short_a_text_is_unknown(make_trace):
    assert scores(make_trace("a b")) == {"repetition": None, "loop_share": 0.0, "n_loops": 0}
    assert scores(make_trace("")) == {"repetition": None, "loop_share": None, "n_loops": None}


def test_a_text_without_spaces_loops_too(make_trace):
    assert scores(make_trace("ab" * 1000))["loop_share"] == pytest.approx(1, abs=0.02)


def test_a_loop_in_the_answer_counts(make_trace):
    assert scores(make_trace("a b c d", answer="so " * 12))["n_loops"] == 11


@given(st.text(alphabet="ab ", max_size=40), st.integers(2, 4))
def test_the_loop_is_the_longest_ending_with_a_repeated_period(text, turns):
    words = re.findall(r"\w+", text)[:-1]
    best = 0
    for length in range(1, len(words) + 1):
        tail = words[-length:]
        for period in range(1, length // turns + 1):
            if tail[period:] == tail[:-period]:
                best = length
    assert ending_loop(words_of(" ".join([*words, "x"])).hashes, turns)[0] == best


@given(st.text(alphabet=st.one_of(st.sampled_from("ab_ ."), st.characters()), max_size=80))
def test_words_are_equal_exactly_where_their_hashes_are(text):
    words = re.findall(r"\w{1,16}|[^\w\s]", text)
    assert [words.index(word) for word in words] == _first_places(_hashes(text))


def test_a_long_word_is_cut_like_its_parts():
    assert _hashes("abcdefghij" * 4) == _hashes("abcdefghijabcdef ghijabcdefghijab cdefghij")


def test_words_of_a_long_text_are_those_of_a_short_one():
    assert _hashes("some words " * 20_000) == _hashes("some words") * 20_000


def test_the_degenerate_shared_trace_is_flagged(shared_rows, make_trace):
    (row,) = shared_rows("dirty/degenerate_repetition_291k.json.gz")
    texts = [str(result["best_full_model_response"]) for result in row["results"]]
    assert scores(make_trace(max(texts, key=len)))["repetition"] > 0.95


def _hashes(text):
    return words_of(text).hashes.tolist()


def _first_places(hashes):
    return [hashes.index(one) for one in hashes]
