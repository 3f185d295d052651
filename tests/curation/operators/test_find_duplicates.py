import pyarrow as pa

from curation.application.batches import VECTOR, sketch_batch
from curation.operators.find_duplicates import FindDuplicates
from curation.trace import Problem, Trace
from tests.bench.near_copies import found, world

LONG = "First add the apples of both boxes then take away the ones that were eaten on the way to school today"
TRACES = [
    Trace(Problem("How many apples?"), LONG, model="ada"),
    Trace(Problem("How many pears?"), "Something else that has nothing in common with the first text at all"),
    Trace(Problem("How many apples?"), LONG.upper() + ".", model="bob"),
    Trace(Problem("How many pears?"), LONG + " again", model="cyd"),
]


def concluded(step: FindDuplicates, traces: list[Trace]) -> list[tuple]:
    rows = pa.table({"id": ["a", "b", "c", "d"], "problem_id": [trace.problem.id for trace in traces]})
    table = step.conclude(rows.append_column("sketch", sketch_batch(step, traces)["sketch"]))
    assert table.column_names == ["id", *step.adds()]
    return [tuple(row.values()) for row in table.to_pylist()]


def test_a_cluster_is_named_after_its_first_row_and_later_rows_name_the_nearest_before():
    assert concluded(FindDuplicates(), TRACES) == [
        ("a", "a", None, None),
        ("b", None, None, None),
        ("c", "a", "a", 1.0),
        ("d", "a", "a", 17 / 18),
    ]


def test_within_a_problem_only_its_own_traces_are_compared():
    assert [row[1] for row in concluded(FindDuplicates(scope="problem"), TRACES)] == ["a", None, "a", None]


def test_a_higher_threshold_leaves_the_changed_copy_alone():
    assert [row[1] for row in concluded(FindDuplicates(threshold=0.95), TRACES)] == ["a", None, "a", None]


def test_questions_or_both_texts_can_be_compared():
    assert [row[1] for row in concluded(FindDuplicates(what="question"), TRACES)] == ["a", "b", "a", "b"]
    assert [row[1] for row in concluded(FindDuplicates(what="both", threshold=0.9), TRACES)] == ["a", None, "a", None]


def test_a_row_that_could_not_be_read_has_no_twin():
    rows = pa.table(
        {"id": ["a", "b"], "problem_id": ["p", "p"], "sketch": pa.array([[1, 2], None], pa.list_(pa.uint32()))}
    )
    none = {"dup_cluster": None, "dup_of": None, "dup_similarity": None}
    assert FindDuplicates().conclude(rows).to_pylist() == [{"id": "a", **none}, {"id": "b", **none}]


def test_vectors_stand_for_the_text():
    step = FindDuplicates(method="embedding", threshold=0.9)
    assert (step.needs_vectors, step.sketch_type) == (True, None)
    vectors = pa.array([[1.0, 0.0], [0.0, 1.0], None, [2.0, 0.1]], VECTOR)
    rows = pa.table({"id": ["a", "b", "c", "d"], "problem_id": ["p"] * 4, "vector": vectors})
    told = {row["id"]: row["dup_of"] for row in step.conclude(rows).to_pylist()}
    assert told == {"a": None, "b": None, "c": None, "d": "a"}


def test_planted_near_copies_are_found_and_nothing_else():
    made = world(rows=2000)
    assert found(FindDuplicates(), made.traces).pairs == made.copies
