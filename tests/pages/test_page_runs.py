import json
import os

import pytest

from curation.life import started
from curation.runs import Status

LINES = [{"step": n, "max_steps": 3, "loss": 3.0 - n, "tokens": 9 * n, "tokens_per_second": 5.0} for n in (1, 2, 3)]


@pytest.fixture
def trained(finished):
    """Two trainings with curves and an evaluation of the first."""
    runs = [finished("train", f"sft of base on {name}", scores__json="{}") for name in ("left", "right")]
    for run in runs:
        (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
        (run.out / "checkpoints" / "0").mkdir(parents=True)
        (run.out / "checkpoints" / "0" / "weights.bin").write_bytes(bytes(2_000_000))
    finished("evaluate", "left on sums", scores__json=json.dumps({"student": runs[0].id}))
    return runs


def active(run, state):
    """Let a run stand as if this process worked on it."""
    began = started(os.getpid())
    status = Status(state=state, pid=os.getpid(), pid_started=began, started=1.0)
    (run.folder / "status.json").write_text(status.model_dump_json())


def titles(at):
    return list(at.dataframe[0].value["Title"])


def button(at, label):
    return next(item for item in at.button if item.label.startswith(label))


def test_an_empty_workspace_offers_the_samples(page):
    at = page("runs")
    assert not at.exception
    assert "Load the sample workspace" in [button.label for button in at.button]


def test_runs_are_listed_with_their_size_and_filtered_by_kind_state_and_text(page, workspace, trained):
    at = page("runs")
    assert not at.exception
    assert sorted(titles(at)) == ["left on sums", "sft of base on left", "sft of base on right"]
    assert sorted(at.dataframe[0].value["Disk"])[1:] == [pytest.approx(2.0, abs=0.1)] * 2
    at.text_input(key="runs-text").set_value("base LEFT").run()
    assert titles(at) == ["sft of base on left"]
    at.text_input(key="runs-text").set_value("").run()
    at.button_group(key="kinds").set_value(["evaluate"]).run()
    assert titles(at) == ["left on sums"]
    at.button_group(key="states").set_value([]).run()
    at.text_input(key="runs-text").set_value("nothing like it").run()
    assert not at.exception
    assert "No run fits the filters." in [caption.value for caption in at.caption]


def test_the_curves_of_one_run_can_be_drawn_by_group_and_axis(page, workspace, trained):
    at = page("runs", run=trained[0].id)
    assert not at.exception
    group = next(item for item in at.button_group if item.label == "Curve")
    assert list(group.options) == ["Loss", "Speed"]
    group.set_value("Speed").run()
    assert not at.exception
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["yaxis"]["title"]["text"] == "Tokens per second"


def test_the_curves_of_several_runs_are_compared(page, workspace, trained):
    at = page("runs", run=",".join(run.id for run in trained))
    assert not at.exception
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert [line["name"] for line in figure["data"]] == [
        f"sft of base on {name} ({run.id[-4:]})" for name, run in sorted(zip(("left", "right"), trained, strict=True),
                                                                         key=lambda pair: pair[1].id, reverse=True)
    ]  # fmt: skip


def test_a_failed_run_says_what_to_do_and_shows_its_command(page, workspace, finished):
    run = finished("train", "sft of base on left", state="failed")
    at = page("runs", run=run.id)
    assert not at.exception
    assert any(caption.value.startswith("Mend what the message names") for caption in at.caption)
    assert any(code.value.endswith(f"-m training.worker {run.folder.resolve()}") for code in at.code)


def test_a_lost_run_shows_the_last_line_of_its_log(page, workspace, finished):
    run = finished("train", "sft of base on left", state="running")
    (run.folder / "log.txt").write_text("loading\nKilled\n\n")
    at = page("runs", run=run.id)
    assert not at.exception
    assert at.error[0].value == "Killed"


def test_the_queue_says_who_waits_for_whom(page, workspace, finished):
    first, second, third = (finished("train", f"run {name}") for name in "abc")
    folder = workspace.runs_root / ".waiting"
    folder.mkdir()
    for came, (run, state) in enumerate([(second, "running"), (third, "queued"), (first, "queued")], 100):
        active(run, state)
        (folder / f"{came}-{run.id}").touch()
    at = page("runs")
    assert not at.exception
    shown = [item.value for item in (*at.caption, *at.markdown)]
    assert f"waits for run b {second.id[-4:]}" in shown
    assert f"waits for run c {third.id[-4:]} and 1 before it" in shown


def test_a_training_leads_to_a_changed_copy_and_an_evaluation_starts_one_here(page, workspace, trained, finished):
    assert "Start a changed copy" in [link.label for link in page("runs", run=trained[0].id).get("page_link")]
    run = finished("evaluate", "base on sums, greedy")
    path = run.folder / "run.json"
    request = json.loads(path.read_text()) | {"spec": {"strategy": "greedy", "max_new_tokens": 77}}
    path.write_text(json.dumps(request))
    at = page("runs", run=run.id)
    assert not at.exception
    assert [item.value for item in at.number_input if item.label == "Max new tokens"] == [77]


def test_checkpoints_of_finished_training_go_after_one_question(page, workspace, trained):
    at = page("runs")
    at.toggle(key="clean-up").set_value(True).run()
    assert not at.exception
    button(at, "Remove 4.0 MB of checkpoints").click().run()
    assert "frees 4.0 MB. It cannot be undone." in " ".join(item.value for item in at.markdown)
    at.button(key="remove-confirmed").click().run()
    assert not at.exception
    assert at.info[0].value == "4.0 MB freed."
    assert not any((run.out / "checkpoints").exists() for run in trained)
    assert all((run.folder / "run.json").exists() for run in trained)


def test_only_runs_that_nothing_rests_on_are_offered_for_removal(page, workspace, trained):
    at = page("runs")
    at.toggle(key="clean-up").set_value(True).run()
    which = at.multiselect(key="remove-which")
    assert len(which.options) == 2  # the evaluation and the student nobody evaluated
    evaluation = next(workspace.runs_root.glob("*-evaluate-*"))
    which.set_value([evaluation.name]).run()
    button(at, "Remove 1 run,").click().run()
    at.button(key="remove-confirmed").click().run()
    assert not at.exception
    assert not evaluation.exists()
    assert len(at.multiselect(key="remove-which").options) == 2  # now its student is free too


def test_a_finished_generation_is_opened_from_the_list(page, workspace, finished):
    run = finished("generate", "Generate: base")
    at = page("runs", run=run.id)
    assert not at.exception
    (link,) = [link for link in at.get("page_link") if link.label == "Open the generation"]
    assert link.proto.query_string == f"generation={run.id}"
