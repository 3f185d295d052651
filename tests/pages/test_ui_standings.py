import pyarrow as pa

from curation.comparing.standing import standing
from pages.ui.reading.standings import figure, sentences


def held(scores, people, **columns):
    return standing(pa.table({"judge_quality": scores, "human_correct": people, **columns}), "judge_quality")


def test_the_figure_has_a_dot_a_score_with_its_interval_and_the_threshold():
    drawn = figure(held([1.0, 1.0, 2.0, 2.0], [False, False, True, True]))
    [dots] = drawn.data
    assert (list(dots.x), list(dots.y), list(dots.text)) == ([1.0, 2.0], [0.0, 1.0], ["1", "2"])
    assert [round(end, 2) for end in dots.error_y.array] == [0.66, 0.0]
    assert drawn.layout.shapes[0].x0 == 1.5


def test_what_a_score_is_worth_is_said_in_words():
    scores, people = [1.0, 1.0, 2.0, 2.0] * 5, [False, False, True, True] * 5
    lengths = [float(n) for n in range(20)]
    first, second, third = sentences(held(scores, people, n_tokens=lengths))
    assert first == "judge_quality and people: rank correlation 1.00 (1.00 to 1.00); 20 judged traces"
    assert second == (
        "From 1.5 on calls right: on traces it was not chosen on such a threshold agrees with 100%, kappa 1.00 "
        "(1.00 to 1.00)"
    )
    assert third.startswith("With n_tokens: rank correlation 0.17 (")


def test_what_is_unknown_says_so():
    assert sentences(held([3.0], [True])) == [
        "judge_quality and people: rank correlation unknown; 1 judged traces",
        "Which threshold agrees best is unknown: judge more traces, right ones and wrong ones",
    ]
