"""Runs that generate: which problems are asked, what is left out, resuming, and taking the traces in."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter, Price
from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.generating.launch import BATCH
from curation.generating.progress import arrived, progress_of
from curation.generating.work import write_traces
from curation.job import Cancelled, Job
from curation.models import Completion
from curation.operators.find_contamination import FindContamination
from curation.operators.generate import Generate
from curation.query.filters import Filter
from curation.table import PROBLEMS, from_table, parts, to_table, write_part
from curation.trace import Problem, Trace

STEP = Generate(model="deep", n=2)
BARE = [
    Problem("1 + 1?", "2", "sums", "train"),
    Problem("2 * 3?", "6", "sums", "train"),
    Problem("Why?", None, "deep"),
]
WITH_TRACE = Problem("2 + 2?", "4", "sums", "test")


class Killed(BaseException):
    pass


def import_problems(workspace, problems, traces=()):
    """Problems without traces, and traces, in the store."""
    out = workspace.root / "brought"
    rows = [
        {"id": p.id, "question": p.question, "reference": p.reference, "dataset": p.dataset, "split": p.split,
         "subject": p.subject, "media": [], "source": "f.jsonl", "line": line}
        for line, p in enumerate(problems, 1)
    ]  # fmt: skip
    write_part(pa.Table.from_pylist(rows, schema=PROBLEMS), out / "problems-00000.parquet")
    write_part(to_table(traces), out / "part-00000.parquet")
    (out / "report.json").write_text('{"files": []}')
    workspace.store.take_import("brought", out)


@pytest.fixture
def filled(workspace):
    """Three bare problems of two datasets, and one with a trace."""
    import_problems(workspace, BARE, [Trace(WITH_TRACE, "4", "4", "ada", source="g.jsonl")])
    return workspace


def work_on(run, model):
    """What the worker does, with a model of the test's own."""
    job = Job(run)
    job.status("running")
    opened = Opened(model, "deep", Price(1.0, 1.0))
    book = AnswerBook(run.folder.parents[1] / "answers.sqlite")
    write_traces(job, Asker(lambda name: opened, book, Meter(job.out / "usage.jsonl"), run.id, job.check))
    job.status("done")


def answers(request):
    text = request.prompt[-1]["content"]
    if "Why?" in text:
        return ""
    known = {"1 + 1?": "2", "2 * 3?": "6" if request.seed else "5", "2 + 2?": "four, I should think"}
    return f"The answer is {next(value for question, value in known.items() if question in text)}."


def test_problems_are_those_of_a_dataset_or_of_filtered_traces_or_of_a_benchmark(filled, write_jsonl):
    asked = filled.problems_asked
    assert asked("sums") == [BARE[0], BARE[1], WITH_TRACE]
    assert asked("deep") == [BARE[2]]
    assert asked(Filter().with_values("model", ("ada",))) == [WITH_TRACE]
    path = write_jsonl("quiz.jsonl", {"question": "3 + 3?", "answer": "6"})
    assert [(p.question, p.reference, p.dataset) for p in asked(path)] == [("3 + 3?", "6", "quiz")]
    with pytest.raises(UserError, match=r"Unknown dataset 'none'; known: deep, sums"):
        asked("none")


def test_new_traces_come_into_the_store_measured_and_with_their_provenance(filled):
    run = filled.generate_run(STEP, "sums")
    assert (run.request.kind, run.request.title) == ("generate", "Generate: deep, problems of sums")
    work_on(run, Scripted(answers))
    assert filled.take_in() == [run.id]
    rows = filled.store.page(Filter().with_values("model", ("deep",))).to_pylist()
    assert [(row["question"], row["dataset"], row["split"], row["sample"], row["correct"]) for row in rows] == [
        ("1 + 1?", "sums", "train", 0, True), ("1 + 1?", "sums", "train", 1, True),
        ("2 * 3?", "sums", "train", 0, False), ("2 * 3?", "sums", "train", 1, True),
        ("2 + 2?", "sums", "test", 0, False), ("2 + 2?", "sums", "test", 1, False),
    ]  # fmt: skip
    trace = filled.store.trace(rows[0]["id"])
    said = json.loads(trace.extra)["generate"]
    assert (trace.source, trace.line, said["model"], said["finish_reason"]) == (run.id, 1, "deep", "stop")
    assert said["cost"] == round((said["prompt_tokens"] + said["generated_tokens"]) / 1e6, 9)
    assert [row["n_tokens"] > 0 for row in rows] == [True] * 6
    (taken,) = [row for row in filled.store.imports().to_pylist() if row["run"] == run.id]
    assert (taken["rows"], taken["imported"], taken["quarantined"], taken["traces"]) == (3, 3, 0, 6)
    assert filled.take_in() == []


def test_how_far_the_run_is_is_told_batch_by_batch(filled):
    run = filled.generate_run(STEP, "sums")
    work_on(run, Scripted(answers))
    found = progress_of(run)
    assert (found.problems, found.total, found.traces, found.judged, found.accepted) == (3, 3, 6, 6, 3)
    assert (found.unanswered, found.cut, found.failed, found.ended) == (2, 0, {}, {"stop": 6})
    assert (found.acceptance, found.eta_seconds, found.answers) == (0.5, 0.0, 6)
    assert found.generated_tokens == 4 * 4 + 2 * 7
    assert [(one.trace.question, one.right) for one in arrived(run, 3)] == [
        ("2 + 2?", False), ("2 + 2?", False), ("2 * 3?", True),
    ]  # fmt: skip


def test_what_came_to_nothing_is_told_with_its_reason(filled):
    run = filled.generate_run(STEP, Filter())
    assert run.request.inputs["problems"] == 1
    both = filled.generate_run(STEP.model_copy(update={"n": 1}), "sums", limit=2)
    work_on(both, Scripted(lambda request: "" if "1 + 1" in request.prompt[0]["content"] else "It is 6."))
    assert progress_of(both).failed == {"empty": 1}
    filled.take_in()
    assert filled.store.quarantine().to_pylist() == [
        {"file": both.id, "line": 1, "reason": "empty: the model wrote nothing", "raw": "1 + 1?"}
    ]
    (taken,) = [row for row in filled.store.imports().to_pylist() if row["run"] == both.id]
    assert (taken["rows"], taken["imported"], taken["quarantined"]) == (2, 1, 1)
    assert taken["warnings"].endswith("problems that failed, empty: 1")


class Overloaded(Scripted):
    """A model of which these questions get no answer."""

    def __init__(self, *questions, seeds=(0,)):
        super().__init__(["It is 1."])
        self.questions, self.seeds = questions, seeds

    def stream(self, requests):
        for row, completion in super().stream(requests):
            failed = any(question in requests[row].prompt[0]["content"] for question in self.questions)
            failed = failed and requests[row].seed in self.seeds
            refusal = Completion("", (), "failed", cause="rate_limit", failure="429 after 5 tries")
            yield row, refusal if failed else completion


def test_a_run_that_mostly_fails_ends_and_asks_again_when_it_is_resumed(filled):
    run = filled.generate_run(Generate(model="deep"), "sums")
    with pytest.raises(UserError, match=r"^2 of 3 problems failed \(the limit is 50%\): rate_limit \(2\)\. What was"):
        work_on(run, Overloaded("1 + 1?", "2 * 3?"))
    again = Scripted(answers)
    work_on(run, again)
    assert (len(again.asked), progress_of(run).failed, progress_of(run).traces) == (2, {}, 3)


@pytest.fixture
def long(workspace):
    """More problems than a batch."""
    import_problems(workspace, [Problem(f"{n} + 0?", str(n), "many") for n in range(BATCH + 6)])
    return workspace


def says(stop_after=None, stop=Killed):
    """A model that says the number of the question, and stops after so many answers."""

    def answer(request):
        if stop_after is not None and len(model.asked) > stop_after:
            raise stop
        return f"It is {request.prompt[0]['content'].split(' + 0')[0].split()[-1]}."

    model = Scripted(answer)
    return model


def test_a_killed_run_goes_on_where_it_was_and_asks_nothing_twice(long):
    run = long.generate_run(Generate(model="deep"), "many")
    first, second = says(stop_after=BATCH + 3), says()
    with pytest.raises(Killed):
        work_on(run, first)
    before = (run.out / "part-00000.parquet").stat()
    assert [path.name for path in parts(run.out)] == ["part-00000.parquet"]
    assert progress_of(run).problems == BATCH
    work_on(run, second)
    after = (run.out / "part-00000.parquet").stat()
    assert len(second.asked) == 3
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    made = [trace for path in parts(run.out) for trace in from_table(pq.read_table(path))]
    assert [trace.reasoning for trace in made] == [f"It is {n}." for n in range(BATCH + 6)]
    assert [trace.line for trace in made] == list(range(1, BATCH + 7))
    usage = [json.loads(line) for line in (run.out / "usage.jsonl").read_text().splitlines()]
    assert (len(usage), sum(line["paid"] for line in usage)) == (BATCH + 6, BATCH + 6)
    assert progress_of(run).accepted == BATCH + 6


def test_a_paused_run_is_cancelled_between_answers_and_resumed(long):
    run = long.generate_run(Generate(model="deep"), "many")
    model = says()
    model.answers = lambda request: (run.cancel(), "It is 1.")[1] if len(model.asked) == 5 else "It is 1."
    with pytest.raises(Cancelled):
        work_on(run, model)
    (run.folder / "cancel").unlink()  # as launching does
    again = says()
    work_on(run, again)
    assert (len(model.asked), len(again.asked)) == (5, BATCH + 1)


def test_what_got_no_answer_is_asked_again_by_a_resumed_run_and_nothing_else(long):
    run = long.generate_run(Generate(model="deep"), "many", limit=4)
    work_on(run, Overloaded("3 + 0"))
    assert progress_of(run).failed == {"rate_limit": 1}
    again = says()
    work_on(run, again)
    assert (progress_of(run).problems, progress_of(run).failed, len(again.asked)) == (4, {}, 1)


def test_a_sample_that_is_missing_is_counted_and_asked_again_by_a_resumed_run(filled):
    run = filled.generate_run(STEP, "sums")
    work_on(run, Overloaded("1 + 1?", seeds=(1,)))
    found = progress_of(run)
    assert (found.traces, found.missing, found.failed, found.ended) == (5, 1, {}, {"stop": 5, "rate_limit": 1})
    warnings = json.loads((run.out / "report.json").read_text())["files"][0]["warnings"]
    assert warnings == ["traces missing, their answers unusable: 1"]
    again = Scripted(answers)
    work_on(run, again)
    assert (len(again.asked), progress_of(run).missing, progress_of(run).traces) == (1, 0, 6)


def test_traces_may_go_into_a_dataset_of_their_own_but_not_those_of_a_benchmark(filled, write_jsonl):
    run = filled.generate_run(STEP, "sums", "written")
    work_on(run, Scripted(answers))
    filled.take_in()
    rows = filled.store.page(Filter().with_values("dataset", ("written",))).to_pylist()
    assert [(row["question"], row["split"]) for row in rows[::2]] == [
        ("1 + 1?", "train"), ("2 * 3?", "train"), ("2 + 2?", "test"),
    ]  # fmt: skip
    assert [problem.dataset for problem in filled.problems_asked(Filter())] == ["sums"] * 3
    path = write_jsonl("quiz.jsonl", {"question": "1 + 1?", "answer": "2"})
    with pytest.raises(UserError, match=r"^Traces of the benchmark quiz keep its name, so that nobody trains on it"):
        filled.generate_run(STEP, path, "training")


def test_traces_of_a_benchmark_are_found_to_be_contaminated(workspace, write_jsonl):
    question = "How many legs do four cats and three birds have when two of the cats are asleep?"
    path = write_jsonl("quiz.jsonl", {"question": question, "answer": "22"})
    run = workspace.generate_run(Generate(model="deep"), path)
    work_on(run, Scripted(["It is 22."]))
    workspace.take_in()
    trace = workspace.store.trace(workspace.store.ids(Filter())[0])
    assert trace.problem.dataset == "quiz"
    assert FindContamination(benchmarks=[str(path)]).annotate(trace).scores["contaminated"] is True


def test_nothing_to_ask_is_told(workspace):
    with pytest.raises(UserError, match=r"^There is no problem to generate for; import problems"):
        workspace.generate_run(STEP, Filter())


def test_a_program_is_right_where_it_gives_the_answer(filled):
    program = "```python\nans = 1 + 1\n```"
    run = filled.generate_run(Generate(model="deep", form="pot"), "sums", limit=2)
    work_on(run, Scripted([program]))
    found = progress_of(run)
    assert (found.judged, found.accepted, [one.right for one in arrived(run, 9)]) == (2, 1, [False, True])


def test_a_model_that_is_not_there_ends_the_run_with_those_there_are(filled, wait_for):
    run = filled.generate_run(STEP, "sums")
    run.launch()
    wait_for(run, "failed")
    assert run.status().error == "Unknown model 'deep'; known: base."
    assert Path(run.out / "report.json").exists() is False
