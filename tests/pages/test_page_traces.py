import json
from pathlib import Path
from tempfile import TemporaryDirectory

from curation.application.sources import Stored
from curation.engine import apply
from curation.imports.run import import_files
from curation.operator import OPERATORS
from curation.query.filters import Filter


def press(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def test_the_first_trace_is_open_with_segments_scores_and_mathematics(page, workspace, words):
    text = words(page("traces"))
    assert "<span>$2 + 3 = 5$</span>" in text
    assert '<details class="w-seg w-check w-kept" data-at="2" open><summary>3&#8194;Check' in text
    assert "4 of 4 traces, 2 problems" in text


def test_hostile_text_is_escaped(page, workspace, words):
    hostile = workspace.store.page(Filter(text="alert"))["id"][0].as_py()
    text = words(page("traces", trace=hostile))
    assert "&#60;<wbr>script&#62;" in text
    assert "<script>" not in text
    assert "It costs &#36;5 and &#36;7." in text


def test_next_opens_the_following_trace_and_keeps_it_in_the_address(page, workspace):
    ids = workspace.store.ids(Filter())
    at = press(page("traces"), "Next")
    assert at.query_params["trace"] == ids[1]
    press(at, "Previous")
    assert at.query_params["trace"] == ids[0]


def test_raw_text_is_one_press_away(page, workspace):
    at = press(page("traces"), "Show raw text")
    assert at.code[0].value.startswith("Ana has 2.")


def test_a_filter_in_the_address_narrows_the_list(page, workspace, words):
    at = page("traces", filter=Filter(values={"model": ("short-teacher",)}).to_query())
    assert "2 of 4 traces" in words(at)
    assert [button.label for button in at.button if "model is" in button.label] == [r"model is short\-teacher"]
    press(at, "Clear all")
    assert "4 of 4 traces" in words(at)


def test_a_filter_without_rows_says_what_to_do(page, workspace, words):
    assert "No trace fits the filter" in words(page("traces", filter=Filter(text="zebra").to_query()))


def test_a_trace_that_is_gone_is_an_error_in_place(page, workspace):
    at = page("traces", trace="nowhere")
    assert not at.exception
    assert "There is no trace 'nowhere'" in at.error[0].value


def test_sorting_by_a_score_stays_in_the_address(page, workspace):
    at = page("traces")
    next(box for box in at.selectbox if box.label == "Sort by").set_value("n_tokens").run()
    assert not at.exception
    assert at.query_params["sort"] == "n_tokens"


def test_the_other_traces_of_a_problem_can_be_opened(page, workspace):
    ids = workspace.store.ids(Filter())
    at = page("traces", trace=ids[0])
    next(button for button in at.button if button.label.startswith("short")).click().run()
    assert at.query_params["trace"] == ids[1]


def test_pages_of_fifty_stay_in_the_address_until_the_filter_changes(page, workspace, tmp_path):
    rows = [f'{{"question": "Is {n} odd?", "generation": "<think>\\nHm.\\n</think>\\nYes."}}' for n in range(60)]
    (tmp_path / "many.jsonl").write_text("\n".join(rows))
    import_files([tmp_path / "many.jsonl"], tmp_path / "many")
    workspace.store.take_import("20260101-000001-import-test", tmp_path / "many")
    at = page("traces", page="2")
    assert len(at.dataframe[0].value) == 14
    at.get("pagination")[0].set_value(1).run()
    assert not at.exception
    assert len(at.dataframe[0].value) == 50
    assert "page" not in at.query_params
    at.get("pagination")[0].set_value(2).run()
    next(box for box in at.text_input if box.label == "Search").set_value("odd").run()
    assert "page" not in at.query_params
    assert not at.warning


def measured(workspace, **values):
    """Take an annotator's results into the store, as a run would leave them."""
    step = OPERATORS.parse(values)
    with TemporaryDirectory() as scratch, apply([step], Stored(workspace.store, Filter()), Path(scratch)):
        parts = sorted((Path(scratch) / step.key()).glob("part-*.parquet"))
        workspace.store.take_annotation("", step, parts)


def more(at, view):
    next(group for group in at.button_group if group.label == "More about this trace").set_value(view).run()
    assert not at.exception
    return at


def drawn(at) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def test_what_a_trace_shares_with_a_benchmark_is_marked_in_both(page, workspace, words, tmp_path):
    benchmark = tmp_path / "held_out.jsonl"
    benchmark.write_text(json.dumps({"question": "ana has 2 beads and finds 3: how many in all?", "answer": "5"}))
    measured(workspace, op="find_contamination", benchmarks=[str(benchmark)], n=5, minimum=0.5)
    at = more(page("traces"), "Shared with a benchmark")
    assert "<mark>Ana has 2 beads and finds 3. How many</mark>?" in drawn(at)
    assert "<mark>ana has 2 beads and finds 3: how many</mark> in all?" in drawn(at)
    assert r"Benchmark held\_out\:1" in words(at)


def test_near_copies_are_listed_and_become_the_filter(page, workspace, words):
    measured(workspace, op="find_duplicates", what="question", n=2)
    at = more(page("traces"), "Near-copies")
    assert "2 traces say nearly the same" in words(at)
    press(at, "List all 2")
    assert "2 of 4 traces" in words(at)


def test_a_trace_is_shown_as_a_student_sees_it(page, workspace):
    assert '<span class="w-trained">' in drawn(more(page("traces"), "As a student sees it"))
