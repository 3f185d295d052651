"""Sets made from sets keep their scores, say whose they are, and can be rebuilt."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.application.ledger import Ledger
from curation.application.sources import Parts
from curation.curated import CuratedSet, Origin, write_set
from curation.engine import apply
from curation.errors import UserError
from curation.job import Job
from curation.operators.count_tokens import CountTokens
from curation.operators.difficulty import Difficulty
from curation.operators.fit_student import FitStudent
from curation.operators.verify_answer import VerifyAnswer
from curation.recipe import Recipe
from curation.runs import PROJECT, Run
from curation.sets.derived import SetSource, repair
from curation.sets.freeze import derive_run, rebuild_run
from curation.tasks import apply_task
from curation.trace import Problem, Trace

STUDENT = str(PROJECT / "data" / "base_student")
SUM, PRODUCT = Problem("1 + 1?", "2", "three"), Problem("2 * 3? ", "6", "three")
TRACES = [
    Trace(SUM, "It is two.", "2", source="three.jsonl"),
    Trace(SUM, "Two </think> or eleven.", "11", source="three.jsonl"),
    Trace(PRODUCT, "Two threes. " * 50, "6", source="three.jsonl"),
]
RECIPE = Recipe(name="measured", steps=(CountTokens(), VerifyAnswer(), Difficulty()))


def work(run: Run) -> CuratedSet:
    """Freeze in this process."""
    apply_task(Job(run))
    return CuratedSet(run.folder.parents[1] / "sets" / run.request.inputs["origin"]["name"])


@pytest.fixture
def parent(workspace, tmp_path, write_traces) -> CuratedSet:
    origin = Origin(name="parent", recipe="measured", recipe_yaml=RECIPE.dump(), source={}, rebuild="")
    with apply(RECIPE.steps, Parts(write_traces(tmp_path / "in", TRACES)), tmp_path / "work") as result:
        return write_set(workspace.sets_root / "parent", result, origin)


def column(curated: CuratedSet, name: str) -> list:
    return pq.read_table(curated.paths).column(name).to_pylist()


def test_a_set_knows_its_measures_and_files(parent):
    assert parent.manifest.measured == [{"op": "count_tokens"}, {"op": "verify_answer"}]
    assert parent.manifest.files == {"three.jsonl": 3}
    source = SetSource(parent, (CountTokens(),))
    assert "n_tokens" not in source.rows().column_names
    assert source.rows().column("pass_rate").to_pylist() == column(parent, "pass_rate")
    assert source.known(CountTokens()).column("n_tokens").to_pylist() == column(parent, "n_tokens")
    assert source.known(VerifyAnswer(comparator="numeric")).num_rows == 0


def test_dropping_keeps_every_score_and_says_why(workspace, parent):
    recipe = repair(parent, STUDENT, 100, ["orphan_think", "answer_cut"], "drop")
    curated = work(derive_run(workspace, parent, recipe, "dropped"))
    assert [trace.answer for trace in curated.traces()] == ["2"]
    for name in ("n_tokens", "correct", "pass_rate"):
        assert column(curated, name) == column(parent, name)[:1]
    assert curated.manifest.tokens == int(column(parent, "n_tokens")[0])
    assert curated.manifest.source["set"] == "parent"
    gone = list(parent.traces())[1]
    (fate,) = [fate for fate in Ledger.of_file(curated.ledger).why(gone.id) if fate.verdict == "dropped"]
    assert (fate.op, fate.reason) == ("keep_where", "orphan_think is true")


def test_mending_changes_the_text_and_measures_it_again(workspace, parent):
    recipe = repair(parent, STUDENT, 1000, ["orphan_think", "prompt_space"], "mend")
    curated = work(derive_run(workspace, parent, recipe, "mended"))
    assert [trace.reasoning for trace in curated.traces()][:2] == ["It is two.", "Two or eleven."]
    assert [trace.question for trace in curated.traces()][2] == "2 * 3?"
    assert column(curated, "orphan_think") == column(curated, "prompt_space") == [False] * 3
    assert column(curated, "correct") == column(parent, "correct")


def test_what_is_known_already_is_not_measured_again(workspace, parent):
    step, ids = FitStudent(tokenizer="/nowhere"), [trace.id for trace in parent.traces()]
    marks = {name: [False] * 3 for name, kind in step.adds().items() if kind == "flag"}
    counts = {name: [1.0] * 3 for name, kind in step.adds().items() if kind == "number"}
    known = SetSource(parent).known(step).schema
    table = pa.table({"id": ids, **counts, **marks, "failure": [None] * 3}, schema=known)
    recipe = repair(parent, "/nowhere", 100, ["orphan_think"], "drop")
    assert work(derive_run(workspace, parent, recipe, "same", {step.key(): table})).manifest.rows == 3


def test_a_derived_set_is_rebuilt_from_its_parent(workspace, parent):
    curated = work(derive_run(workspace, parent, repair(parent, STUDENT, 100, ["answer_cut"], "drop"), "short"))
    again = work(rebuild_run(workspace, curated.manifest, "again"))
    assert again.manifest.parts == curated.manifest.parts
    (parent.folder / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"There is no curated set 'parent' in "):
        rebuild_run(workspace, curated.manifest, "third")


def test_an_unknown_defect_names_the_known_ones(parent):
    with pytest.raises(UserError, match=r"Unknown defect 'ugly'; known: no_trained_token, answer_cut, doubled_think"):
        repair(parent, STUDENT, 100, ["ugly"], "drop")


def test_traces_are_found_by_place_and_id(parent):
    everything = list(parent.traces())
    assert list(parent.traces(2)) == everything[2:]
    assert parent.find(everything[1].id) == everything[1]
    assert (parent.find("nothing"), list(parent.traces(9))) == (None, [])
