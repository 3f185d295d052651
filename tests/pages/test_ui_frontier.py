from pages.ui.evaluating.frontier import figure
from training.comparing.scoreboard import Line


def line(name, accuracy, tokens, on_frontier):
    return Line(
        name, name, name, "bench", "greedy", 0, 4, 4, 1, accuracy, accuracy and accuracy - 0.1,
        accuracy and accuracy + 0.1, tokens, None, 0.0, None, None, None, None, on_frontier,
    )  # fmt: skip


LINES = [
    line("<b>a", 0.5, 20.0, True),
    line("b", 0.4, 30.0, False),
    line("c", 0.8, 90.0, True),
    line("d", None, None, False),
]


def test_points_carry_the_numbers_of_the_table_and_the_frontier_a_line():
    frontier, others, best = figure(LINES).data
    assert (list(frontier.x), list(frontier.y)) == ([20.0, 90.0], [0.5, 0.8])
    assert (list(others.text), list(others.x)) == (["2"], [30.0])
    assert (list(best.text), list(best.hovertext)) == (["1", "3"], ["&lt;b>a", "c"])
    assert [round(value, 9) for value in best.error_y.array] == [0.1, 0.1]


def test_the_same_lines_give_an_equal_figure_and_none_an_empty_one():
    assert figure(LINES) == figure(LINES)
    assert [len(trace.x) for trace in figure([]).data] == [0, 0, 0]
