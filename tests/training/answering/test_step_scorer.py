import pytest

from curation.errors import UserError
from training.answering.step_scorer import aggregate, encode, largest_drop, open_scorer, split_steps


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("one\n\ntwo\nmore\n\nthree", ["one", "two\nmore", "three"]),
        ("one\ntwo", ["one", "two"]),
        ("<think>\none\ntwo\n</think>\nThe answer is 4.", ["one", "two"]),
        ("one", ["one"]),
        ("", []),
        ("<think>\n\n</think>\n4", []),
    ],
)
def test_steps_are_paragraphs_or_else_lines_of_the_reasoning(text, steps):
    assert split_steps(text) == steps


def test_every_step_is_judged_at_the_mark_behind_it(tokenizer):
    row = encode(tokenizer, "q", ["ab", "c"], "\n", 100)
    assert tokenizer.decode(row.token_ids) == "<|u|>q<|a|>ab\nc\n"
    assert row.places == [5, 7]


def test_steps_past_the_limit_are_left_out(tokenizer):
    row = encode(tokenizer, "q", ["ab", "c"], "\n", 7)
    assert (tokenizer.decode(row.token_ids), row.places) == ("<|u|>q<|a|>ab\n", [5])
    assert encode(tokenizer, "q", ["ab"], "\n", 3) == ([], [])


def test_scores_of_steps_make_one_score_of_the_solution():
    scores = [0.9, 0.2, 0.4]
    assert [aggregate(scores, "mean"), aggregate(scores, "min"), aggregate(scores, "last")] == [0.5, 0.2, 0.4]
    assert aggregate([], "mean") is None


@pytest.mark.parametrize(
    ("scores", "drop"), [([0.8, 0.4], 0.5), ([0.5, 1.0], 0.0), ([0.0, 0.0], 0.0), ([0.4], 0.0), ([], 0.0)]
)
def test_the_largest_relative_fall(scores, drop):
    assert largest_drop(scores) == drop


def test_an_unknown_scorer_names_the_known_ones(tmp_path):
    (tmp_path / "run-1" / "out" / "scorer").mkdir(parents=True)
    with pytest.raises(UserError, match="There is no step scorer 'nope'; known: run-1. Train one with the objective"):
        open_scorer("nope", tmp_path)
