"""The views of the sets page: lineage, comparison, what a student sees, why a row is gone, export options."""

import json

import pytest

from curation.job import Job
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import all_runs
from curation.sets.lineage import Graph, Node
from curation.tasks import apply_task
from pages.ui.sets import lineage_chart
from pages.ui.sets.set_compare import nearest
from pages.ui.training.student_view import tokens
from training.rows.data import Piece

ALL = "name: all\nsteps:\n- {op: count_tokens}\n- {op: verify_answer}\n"


@pytest.fixture
def two(workspace, frozen):
    """Beside the set `right`, all traces as the set `all`."""
    run = workspace.apply_run(Recipe.read(ALL), "all", chosen=Filter())
    apply_task(Job(run))
    return workspace


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def press(at, label):
    return next(button for button in at.button if button.label.startswith(label)).click().run()


def test_the_lineage_leads_from_file_to_set(page, two):
    at = page("sets", set="right", view="Lineage")
    assert not at.exception
    assert len(at.get("plotly_chart")) == 1
    table = at.dataframe[0].value.sort_values("Set")
    assert table[["Set", "Rows", "Made from"]].to_dict("records") == [
        {"Set": "all", "Rows": 4, "Made from": "traces.jsonl"},
        {"Set": "right", "Rows": 3, "Made from": "traces.jsonl"},
    ]


def test_a_click_on_a_set_opens_it(page, two):
    at = page("sets", set="right", view="Lineage")
    at.session_state["lineage-opened"] = "set:right"
    at.run()
    assert not at.exception
    assert next(box for box in at.selectbox if box.label == "Curated set").value == "right"


def test_two_sets_are_compared(page, two):
    at = page("sets", set="right", view="Compare")
    assert not at.exception
    shown = metrics(at)
    assert (shown["Only in right"], int(shown["In both"]) + int(shown["Text changed"])) == ("0", 3)
    assert "Change" in at.dataframe[0].value.columns
    next(box for box in at.selectbox if box.label == "Score").set_value("model").run()
    assert not at.exception
    assert any("Value" in frame.value.columns for frame in at.dataframe)


def test_a_single_set_has_nothing_to_compare_with(page, workspace, frozen):
    at = page("sets", view="Compare")
    assert not at.exception
    assert "no other set" in " ".join(caption.value for caption in at.caption)


def test_the_set_it_was_made_from_is_compared_first(two):
    right, everything = two.set("right"), two.set("all")
    assert nearest(right, [everything]).name == "all"


def test_what_a_student_sees_is_counted_over_the_whole_set(page, workspace, frozen):
    at = page("sets", view="As a student sees it")
    assert not at.exception
    assert metrics(at)["Rows checked"] == "3 of 3"
    next(box for box in at.number_input if box.label == "Max length").set_value(30).run()
    assert "answer cut" in list(next(f.value for f in at.dataframe if "Defect" in f.value.columns)["Defect"])
    press(at, "Raise max length to")
    assert not at.exception
    assert not any("Defect" in frame.value.columns for frame in at.dataframe)


def test_rows_are_dropped_into_a_new_set_with_one_click(page, workspace, frozen):
    at = page("sets", view="As a student sees it")
    next(box for box in at.number_input if box.label == "Max length").set_value(50).run()
    press(at, "Drop these")
    (run,) = [run for run in all_runs(workspace.runs_root) if "parent" in run.request.inputs]
    run.cancel()
    assert not at.exception
    assert run.request.inputs["origin"]["source"]["set"] == "right"
    assert "keep_where" in run.request.spec["recipe"]


def test_why_a_row_is_gone_is_answered(page, workspace, frozen):
    wrong = next(row["id"] for row in workspace.store.page(Filter()).to_pylist() if row["correct"] is False)
    at = page("sets")
    next(box for box in at.text_input if box.label == "Id of a trace").set_value(wrong).run()
    assert not at.exception
    assert "Step 3 (keep_where) dropped it: correct is false." in [caption.value for caption in at.caption]
    next(box for box in at.text_input if box.label == "Id of a trace").set_value("nothing").run()
    assert any("not among its inputs" in caption.value for caption in at.caption)


def test_a_trace_that_was_changed_is_found_under_its_new_id(page, workspace, frozen):
    changed = next(trace for trace in workspace.set("right").traces() if trace.parent_id)
    at = page("sets")
    next(box for box in at.text_input if box.label == "Id of a trace").set_value(changed.parent_id).run()
    assert f"It is in the set as {changed.id}." in [caption.value for caption in at.caption]


def test_a_format_offers_its_options_and_errors_stay_in_place(page, two):
    at = page("sets", set="all", view="Export")
    next(box for box in at.selectbox if box.label == "Format").set_value("pairs").run()
    assert not at.exception
    press(at, "Export")
    rows = (two.root / "exports" / "all-pairs.jsonl").read_text().splitlines()
    assert [set(json.loads(row)) for row in rows] == [{"prompt", "chosen", "rejected", "chosen_id", "rejected_id"}]
    next(box for box in at.selectbox if box.label == "Wrong traces from").set_value("right").run()
    press(at, "Export")
    assert not at.exception
    assert "Unknown flag of right traces in this set 'correct'" in at.error[0].value


def test_the_graph_puts_everything_after_what_it_was_made_from():
    graph = Graph()
    graph.add(Node("f", "file", "a.jsonl"))
    graph.add(Node("r", "recipe", "<b>raw"))
    graph.add(Node("s", "set", "right"), "f", "r")
    graph.add(Node("t", "train", "sft"), "s")
    where = lineage_chart.places(graph)
    assert where["f"][0] == where["r"][0] < where["s"][0] < where["t"][0]
    figure = lineage_chart.figure(graph, "s")
    assert figure == lineage_chart.figure(graph, "s")
    assert [trace.name for trace in figure.data[1:]] == ["File", "Recipe", "Curated set", "Training"]
    assert figure.data[2].text[0].startswith("&lt;b>raw")


def test_special_tokens_and_cut_ones_are_marked():
    drawn = tokens([Piece(1, "<|u|>", False, False, True), Piece(2, "a", True, False), Piece(3, "b", False, True)])
    assert drawn == (
        '<div class="w-tokens"><span class="w-prompt"><span class="w-special">&lt;|u|&gt;</span></span>'
        '<span class="w-trained">a</span><div class="w-cut">Cut off from here: the student never sees this</div>'
        '<span class="w-lost">b</span></div>'
    )


def test_a_set_checked_against_a_benchmark_shows_its_bin_and_its_certificate(page, workspace, tmp_path):
    benchmark = tmp_path / "held_out.jsonl"
    benchmark.write_text(json.dumps({"question": "Ana has 2 beads and finds 3. How many?", "answer": "5"}))
    steps = [{"op": "find_contamination", "benchmarks": [str(benchmark)]}, {"op": "drop_contaminated"}]
    recipe = Recipe.read(json.dumps({"name": "checked", "steps": steps}))
    apply_task(Job(workspace.apply_run(recipe, "checked", chosen=Filter())))
    at = page("sets", set="checked")
    assert not at.exception
    assert any(caption.value.startswith("2 rows were dropped for repeating") for caption in at.caption)
    found = next(frame.value for frame in at.dataframe if "Benchmark item" in frame.value)
    assert found["Benchmark item"].tolist() == ["held_out:1", "held_out:1"]
    press(at, "Write the certificate")
    words = next(caption.value for caption in at.caption if caption.value.startswith("Step 1, runs of 8 words"))
    assert words.endswith("4 rows checked, 2 dropped, flagged rows left: 0.")


def test_a_set_that_was_not_checked_has_no_bin(page, workspace, frozen):
    at = page("sets", set="right")
    assert not any("Checked against benchmarks" in text.value for text in at.markdown)
