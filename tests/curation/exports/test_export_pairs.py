import json
from dataclasses import replace

import pyarrow as pa
import pytest

from curation.curated import Manifest, describe_part
from curation.errors import UserError
from curation.exports.base import Content
from curation.exports.llama_factory import LlamaFactory
from curation.exports.pairs import Pairs
from curation.table import to_table, write_part
from curation.trace import Problem, Trace

ONE, TWO = Problem("1 + 1? "), Problem("2 + 2?")
TRACES = [
    Trace(ONE, "Longer and right.", "2"),
    Trace(ONE, "Right.", "2"),
    Trace(TWO, "Only right.", "4"),
    Trace(ONE, "Wrong.", "3"),
    Trace(ONE, "Wrong, at length.", "3"),
    Trace(ONE, "Who knows.", ""),
]
FLAGS = [True, True, True, False, False, None]


def content(traces=TRACES, flags=FLAGS):
    table = to_table(traces).append_column("correct", pa.array(flags, pa.bool_()))
    return Content(table.schema, iter([table]))


def freeze(folder, traces, flags):
    """A curated set of these traces."""
    table = content(traces, flags)
    write_part(next(table.tables), folder / "part-00000.parquet")
    manifest = Manifest(
        name=folder.name, created="2026-01-01", recipe="none", recipe_yaml="", source={}, rebuild="", rows=len(traces),
        problems=2, tokens=None, steps=[], scores=["correct"], parts=[describe_part(folder / "part-00000.parquet")],
        code_version="0",
    )  # fmt: skip
    (folder / "manifest.json").write_text(manifest.model_dump_json())


def answers(found):
    return [(pair.chosen.split("\n")[1], pair.rejected.split("\n")[1]) for pair in found]


def test_the_shortest_right_trace_meets_the_longest_wrong_one():
    found = list(Pairs().pairs(content()))
    assert answers(found) == [("Right.", "Wrong, at length.")]
    assert (found[0].prompt, found[0].chosen_id, found[0].rejected_id) == ("1 + 1?", TRACES[1].id, TRACES[4].id)


def test_more_pairs_of_a_problem_go_from_the_best_on():
    found = Pairs(per_problem=3, chosen="longest", rejected="first").pairs(content())
    assert answers(found) == [
        ("Longer and right.", "Wrong."),
        ("Longer and right.", "Wrong, at length."),
        ("Right.", "Wrong."),
    ]


def test_right_traces_can_be_set_against_longer_right_ones():
    found = Pairs(against="longer").pairs(content())
    assert answers(found) == [("Right.", "Longer and right.")]
    assert list(Pairs(against="longer").pairs(content(TRACES[2:3], [True]))) == []


def test_longer_ones_may_come_from_another_set(tmp_path):
    pruned, whole = [Trace(ONE, "Right.", "2"), Trace(TWO, "So.", "4")], TRACES[:3]
    freeze(tmp_path / "whole", whole, FLAGS[:3])
    given = replace(content(pruned, [True, True]), others=tmp_path)
    found = Pairs(against="longer", other_set="whole").pairs(given)
    assert answers(found) == [("Right.", "Longer and right."), ("So.", "Only right.")]


def test_conversations_share_one_prompt(tmp_path):
    assert Pairs().write(content(), tmp_path / "p.jsonl", None) == 1
    assert json.loads((tmp_path / "p.jsonl").read_text()) == {
        "prompt": [{"role": "user", "content": "1 + 1?"}],
        "chosen": [{"role": "assistant", "content": "<think>\nRight.\n</think>\n2"}],
        "rejected": [{"role": "assistant", "content": "<think>\nWrong, at length.\n</think>\n3"}],
        "chosen_id": TRACES[1].id,
        "rejected_id": TRACES[4].id,
    }


def test_plain_texts_put_the_separator_into_the_completions(tmp_path):
    Pairs(layout="standard").write(content(), tmp_path / "p.jsonl", None)
    row = json.loads((tmp_path / "p.jsonl").read_text())
    assert (row["prompt"], row["chosen"][:8], row["rejected"][:8]) == ("1 + 1?", "\n<think>", "\n<think>")


def test_trl_reads_both_layouts_as_preferences(tmp_path):
    from trl.data_utils import is_conversational

    for layout in ("conversational", "standard"):
        Pairs(layout=layout).write(content(), tmp_path / layout, None)
        row = json.loads((tmp_path / layout).read_text())
        assert is_conversational(row) == (layout == "conversational")


def test_a_set_without_the_flag_names_those_it_has():
    with pytest.raises(UserError, match=r"Unknown flag of right traces in this set 'good'; known: closed, correct, "):
        list(Pairs(right="good").pairs(content()))


def test_another_set_is_found_only_beside_a_set():
    with pytest.raises(UserError, match="only where a curated set is exported"):
        list(Pairs(other_set="wrong").pairs(content()))


@pytest.mark.parametrize(
    ("layout", "columns", "keys"),
    [
        ("sharegpt", {"messages": "conversations"}, {"conversations", "id"}),
        ("alpaca", {"prompt": "instruction", "query": "input", "response": "output"},
         {"instruction", "input", "output", "id"}),
        ("preference", {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
         {"conversations", "chosen", "rejected", "chosen_id", "rejected_id"}),
    ],
)  # fmt: skip
def test_a_llama_factory_folder_says_how_its_rows_are_read(tmp_path, layout, columns, keys):
    rows = LlamaFactory(layout=layout).write(content(), tmp_path / "out", None)
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())["out"]
    lines = [json.loads(line) for line in (tmp_path / "out" / info["file_name"]).read_text().splitlines()]
    assert (info["columns"], len(lines)) == (columns, rows)
    assert all(line.keys() == keys for line in lines)
    assert set(columns.values()) <= keys
    with pytest.raises(UserError, match="already exists"):
        LlamaFactory(layout=layout).write(content(), tmp_path / "out", None)
