"""A step that asks a model, tried on a few rows of a small workspace, with a server that answers as told."""

import pytest

from curation import job
from curation.connection import write
from curation.connections.server import ServerConnection
from curation.errors import UserError
from curation.operator import OPERATORS
from curation.query.filters import Filter
from curation.runs import replace_text
from curation.table import to_table, write_part
from curation.tasks import TASKS
from curation.trace import Problem, Trace
from curation.tuning import trying
from curation.tuning.estimate import Estimate, Tally
from tests.faults import FaultServer, question

SUMS = [
    Trace(Problem("1 + 1?", "2"), "First one. Then one more. It is 2.", "2", "ada"),
    Trace(Problem("1 + 1?", "2"), "One and one is 2.", "2", "bob"),
    Trace(Problem("2 + 2?", "4"), "Two and two. It is 4.", "4", "ada"),
    Trace(Problem("3 + 3?", "6"), "Three twice. It is 6.", "6", "ada"),
]


def said(body):
    """Rewrites what it knows; of 3 + 3 it says something else."""
    known = {"1 + 1?": "2", "2 + 2?": "4", "3 + 3?": "7"}
    answer = next(answer for asked, answer in known.items() if asked in question(body))
    return f"<thought>\nshort\n</thought>\n<solution>\nAnswer: {answer}\n</solution>"


@pytest.fixture
def server():
    with FaultServer(answer=said) as running:
        yield running


@pytest.fixture
def work(workspace, tmp_path, server):
    write_part(to_table(SUMS), tmp_path / "imported" / "part-00000.parquet")
    (tmp_path / "imported" / "report.json").write_text('{"files": []}')
    workspace.store.take_import("run", tmp_path / "imported")
    write(workspace.root, {"teacher": connection(server)})
    return workspace


def connection(server, **values):
    return ServerConnection(url=server.url, model="teacher", prompt_price=1.0, generated_price=2.0, **values)


def step(**values):
    plain = {"op": "rewrite", "model": "teacher", "target": "free", "retries": 0, "max_new_tokens": 50}
    return OPERATORS.parse({**plain, **values})


@pytest.fixture
def result(work):
    """The preview of all rows, stopped before the step."""
    preview = work.open_preview(Filter())
    yield preview.apply([step()])
    preview.close()


def finished(run):
    assert job.work(run.folder, TASKS) == 0
    return run


def test_a_preview_stops_before_a_step_that_asks(result):
    assert trying.next_step(result, [step()]) == step()
    assert trying.reaching(result) == 4
    assert trying.next_step(result, []) is None


def test_a_trial_tells_what_became_of_each_row_and_what_it_cost(work, result, server):
    found = trying.outcome_of(finished(trying.try_run(work, result, step(), 3)))
    assert {row.trace.question: (row.verdict, row.reason) for row in found.rows} == {
        "1 + 1?": ("changed", None),
        "2 + 2?": ("changed", None),
        "3 + 3?": ("dropped", "changed answer"),
    }
    first = next(row for row in found.rows if row.trace.question == "1 + 1?")
    assert [(child.reasoning, child.parent_id) for child in first.after] == [("short", first.trace.id)]
    words = [len(question(body).split()) for body in server.asked]
    assert found.asked == Tally(3, sum(words), 21, pytest.approx((sum(words) + 42) / 1e6), 3)
    assert sum(row.asked.prompt_tokens for row in found.rows) == sum(words)


def test_a_second_trial_of_the_same_rows_pays_nothing(work, result, server):
    finished(trying.try_run(work, result, step(), 3))
    found = trying.outcome_of(finished(trying.try_run(work, result, step(), 3)))
    assert (len(server.asked), found.asked.paid, found.asked.calls) == (3, 0, 3)
    assert trying.estimate(work, result, step(), found).seconds is None


def test_a_trial_holds_until_step_rows_or_connection_change(work, result, server):
    run = trying.try_run(work, result, step(), 3)
    assert trying.latest(work, step()).id == run.id
    assert trying.stale(work, run, step(), result) is None
    changed = step(prompt="Say {question} and {reasoning} better")
    assert trying.latest(work, changed).id == run.id
    assert trying.stale(work, run, changed, result) == "the step or its prompt was changed since"
    fewer = work.open_preview(Filter(values={"model": ("bob",)})).apply([step()])
    assert trying.stale(work, run, step(), fewer) == "other rows reach the step now"
    write(work.root, {"teacher": connection(server, retries=1)})
    assert trying.stale(work, run, step(), result) == "the connection to its model was changed since"


def test_nobody_tried_a_step_of_another_name(work):
    assert trying.latest(work, step()) is None


def test_a_model_nobody_knows_is_told_before_anything_runs(work, result):
    with pytest.raises(UserError, match=r"Unknown model 'nobody'.*teacher"):
        trying.try_run(work, result, step(model="nobody"))


def test_a_step_that_no_row_reaches_is_not_tried(work):
    nothing = work.open_preview(Filter(values={"model": ("eve",)})).apply([step()])
    with pytest.raises(UserError, match="No row reaches rewrite"):
        trying.try_run(work, nothing, step())


def test_a_trial_waits_for_its_turn_only_where_the_model_is_on_this_machine(work, result):
    assert trying.try_run(work, result, step()).request.inputs["light"]
    assert not trying.try_run(work, result, step(model="base")).request.inputs["light"]


def test_a_trial_of_a_server_does_not_queue_behind_heavy_runs(work, result):
    finished(trying.try_run(work, result, step(), 3))
    assert not (work.runs_root / ".waiting").exists()  # where whoever waits leaves a ticket


def test_a_trial_of_a_step_that_has_other_fields_now_is_out_of_date(work, result):
    run = trying.try_run(work, result, step(), 3)
    spec = {"step": {**run.request.spec["step"], "gone": 1}}
    replace_text(run.folder / "run.json", run.request.model_copy(update={"spec": spec}).model_dump_json())
    assert trying.latest(work, step()).id == run.id
    assert trying.stale(work, run, step(), result) == "the step or its prompt was changed since"


def test_a_trial_that_is_not_finished_has_no_outcome(work, result):
    assert trying.outcome_of(trying.try_run(work, result, step(), 3)) is None


def test_measuring_the_whole_store_is_priced_before_it_starts(work):
    found = trying.most(work, OPERATORS.parse(JUDGE), Filter())
    assert (found.rows, found.tried, found.calls, found.generated_tokens) == (4, 0, 4, 80)
    assert found.cost == pytest.approx((found.prompt_tokens + 160) / 1e6)
    assert trying.most(work, OPERATORS.parse({"op": "count_tokens"}), Filter()) is None


def test_before_a_trial_the_estimate_is_the_most_and_after_it_what_was_seen(work, result):
    before = trying.estimate(work, result, step(), None)
    assert (before.rows, before.tried, before.calls, before.generated_tokens) == (4, 0, 4, 200)
    assert before.cost == pytest.approx((before.prompt_tokens + 400) / 1e6)
    found = trying.outcome_of(finished(trying.try_run(work, result, step(), 3)))._replace(seconds=6.0)
    tokens = round(found.asked.prompt_tokens * 4 / 3)
    assert trying.estimate(work, result, step(), found) == Estimate(
        4, 3, 4, tokens, 28, pytest.approx(found.asked.cost * 4 / 3), 8.0
    )


def test_a_price_that_is_not_told_leaves_the_cost_unknown(work, result, server):
    write(work.root, {"teacher": ServerConnection(url=server.url, model="teacher")})
    assert trying.estimate(work, result, step(), None).cost is None


JUDGE = {"op": "judge", "model": "teacher", "max_new_tokens": 20}


@pytest.fixture
def judged(work):
    """A judge of what ada wrote, in a preview that stops before it."""
    steps = [OPERATORS.parse({"op": "keep_where", "score": "model", "values": ["ada"]}), OPERATORS.parse(JUDGE)]
    preview = work.open_preview(Filter())
    yield preview.apply(steps), steps
    preview.close()


def test_what_a_model_measures_is_shown_as_scores(work, judged, server):
    server.answer = lambda body: '{"quality": 4}' if "1 + 1" in question(body) else "no JSON"
    result, steps = judged
    found = trying.outcome_of(finished(trying.try_run(work, result, steps[1], 3)))
    assert {row.trace.question: row.scores["judge_quality"] for row in found.rows} == {
        "1 + 1?": 4.0,
        "2 + 2?": None,
        "3 + 3?": None,
    }
    assert {row.verdict for row in found.rows} == {"scored"}


def test_measuring_all_asks_about_the_rows_that_reach_the_step_and_lets_the_funnel_go_on(work, judged, server):
    server.answer = lambda body: '{"quality": 4}'
    result, steps = judged
    finished(trying.try_run(work, result, steps[1], 3))
    run = trying.measure_run(work, result, steps[1])
    assert job.work(run.folder, TASKS) == 0
    assert len(server.asked) == 3  # what was tried is not paid for again
    work.take_in()
    preview = work.open_preview(Filter())
    after = preview.apply(steps)
    assert (after.stopped, [report.rows for report in after.reports]) == (None, [3, 3])
    assert after.rows()["judge_quality"].to_pylist() == [4.0, 4.0, 4.0]
    preview.close()


def test_what_a_mapper_makes_is_measured_by_freezing(work, server):
    steps = [OPERATORS.parse({"op": "pad", "tokens": 50}), OPERATORS.parse(JUDGE)]
    preview = work.open_preview(Filter())
    with pytest.raises(UserError, match="judge measures traces that a step before it makes: freeze the set"):
        trying.measure_run(work, preview.apply(steps), steps[1])
    preview.close()


def test_traces_that_a_model_writes_anew_are_tried_once_a_problem(work, server):
    server.answer = lambda body: "Let me see. The answer is 2."
    steps = [OPERATORS.parse({"op": "generate", "model": "teacher", "n": 2, "max_new_tokens": 20})]
    preview = work.open_preview(Filter())
    found = trying.outcome_of(finished(trying.try_run(work, preview.apply(steps), steps[0], 3)))
    assert len({row.trace.problem.id for row in found.rows}) == 3
    assert [(row.verdict, row.asked.calls) for row in found.rows] == [("changed", 2)] * 3
    assert {child.parent_id for row in found.rows for child in row.after} == {None}
    preview.close()
