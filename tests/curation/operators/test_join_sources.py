from curation.operators.join_sources import JoinSources
from tests.curation.operators.deciding import Row, decided, dropped, kept

COLUMNS = "id, problem_id, model"
ROWS = [("a", "p", "long"), ("b", "p", "short"), ("c", "q", "long"), ("d", "r", "short"), ("e", "p", "human")]


def test_problems_of_all_named_sources_stay_and_only_their_traces():
    assert decided(JoinSources(sources=["long", "short"]), COLUMNS, *ROWS) == [
        Row("a", 2, 2, None, None),
        Row("b", 2, 2, None, None),
        Row("c", 1, 2, "short lacks its problem", None),
        Row("d", 1, 2, "long lacks its problem", None),
        Row("e", 2, 2, "model is none of the sources", None),
    ]


def test_without_names_every_source_there_is_is_required():
    assert dropped(JoinSources(), COLUMNS, *ROWS) == {
        "c": "a source lacks its problem",
        "d": "a source lacks its problem",
    }


def test_a_row_without_source_counts_for_none():
    rows = [("a", "p", "long"), ("b", "p", None)]
    assert dropped(JoinSources(), COLUMNS, *rows) == {"b": "model is unknown"}


def test_the_source_may_be_another_column():
    rows = [("a", "p", "level 1"), ("b", "p", "level 2"), ("c", "q", "level 1")]
    assert kept(JoinSources(by="dataset"), "id, problem_id, dataset", *rows) == ["a", "b"]


def test_real_solutions_of_two_verified_systems_share_436_problems(shared_rows):
    systems = ("6b_verification", "175b_verification")
    right = [
        (f"{number}-{system}", row["question"], system)
        for number, row in enumerate(shared_rows("gsm8k_full/example_model_solutions.jsonl.gz"))
        for system in systems
        if row[system]["is_correct"]
    ]
    found = kept(JoinSources(sources=list(systems)), COLUMNS, *right)
    problems = {system: {name.split("-")[0] for name in found if name.endswith(system)} for system in systems}
    assert len(found) == 2 * 436
    assert problems["6b_verification"] == problems["175b_verification"]
