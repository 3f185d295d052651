import pytest

from curation.errors import UserError
from curation.operators.drop_duplicates import DropDuplicates
from curation.spec import build
from tests.curation.operators.deciding import Row, decided

COLUMNS = "id, pos, problem_id, model, text_key, n_chars, dup_cluster, score"
ROWS = [
    ("a", 1, "p", "m", "k", 30, "a", 0.5),
    ("b", 2, "p", "m", "k", 30, "a", 0.9),
    ("c", 3, "p", "n", "l", 10, None, None),
    ("d", 4, "q", "m", "o", 20, None, 0.1),
]


def told(**values) -> list[tuple[str, str | None, str | None]]:
    return [(row.id, row.reason, row.other) for row in decided(build(DropDuplicates, values), COLUMNS, *ROWS)]


def test_the_first_of_the_same_text_stays_and_is_named():
    assert decided(DropDuplicates(), COLUMNS, *ROWS) == [
        Row("a", 1, 1, None, None),
        Row("b", 2, 1, "same text as another row", "a"),
        Row("c", 1, 1, None, None),
        Row("d", 1, 1, None, None),
    ]


def test_one_row_a_problem_can_be_the_shortest():
    same = "same problem as another row"
    wanted = [("a", same, "c"), ("b", same, "c"), ("c", None, None), ("d", None, None)]
    assert told(over="problem", keep="shortest") == wanted


def test_one_row_a_problem_and_model_can_be_the_longest():
    same = "same problem and model as another row"
    wanted = [("a", None, None), ("b", same, "a"), ("c", None, None), ("d", None, None)]
    assert told(over="problem_and_model", keep="longest") == wanted


def test_a_cluster_of_near_duplicates_can_keep_its_best_row():
    near = "near-duplicate of another row"
    wanted = [("a", near, "b"), ("b", None, None), ("c", None, None), ("d", None, None)]
    assert told(over="cluster", keep="highest", score="score") == wanted
    assert DropDuplicates(over="cluster", keep="highest", score="score").needs() == ("dup_cluster", "score")


def test_an_unknown_score_is_never_the_best():
    same = "same problem as another row"
    wanted = [("a", same, "b"), ("b", None, None), ("c", same, "b"), ("d", None, None)]
    assert told(over="problem", keep="highest", score="score") == wanted


@pytest.mark.parametrize("values", [{"keep": "highest"}, {"score": "n_chars"}])
def test_the_best_row_needs_a_score_and_a_score_needs_it(values):
    with pytest.raises(UserError, match="keep highest and a score belong together"):
        build(DropDuplicates, values)
