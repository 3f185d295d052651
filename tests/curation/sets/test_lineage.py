import json
from pathlib import Path

from curation.curated import Manifest
from curation.runs import Request, create
from curation.sets.lineage import Graph, Node, lineage


def make_set(root: Path, name: str, source: dict | None = None, files: dict | None = None) -> None:
    manifest = Manifest(
        name=name, created=f"2026-{name}", recipe="r", recipe_yaml="name: r\nsteps: []\n", source=source or {},
        rebuild="", rows=3, problems=2, tokens=None, steps=[], scores=[], parts=[],
        code_version="0", files=files or {},
    )  # fmt: skip
    (root / name).mkdir(parents=True)
    (root / name / "manifest.json").write_text(manifest.model_dump_json())


def make_run(root: Path, kind: str, worker: str = "training.worker", **inputs: str) -> str:
    return create(root, Request(kind=kind, worker=worker, title=kind, inputs=inputs)).id


def world(tmp_path: Path) -> tuple[Graph, str, str, str]:
    runs, sets = tmp_path / "runs", tmp_path / "sets"
    imported = create(runs, Request(kind="import", worker="curation.worker", title="Import a.jsonl"))
    report = {"files": [{"path": "a.jsonl", "rows": 4, "traces": 3}]}
    (imported.out / "report.json").write_text(json.dumps(report))
    make_set(sets, "right", files={"a.jsonl": 3})
    make_set(sets, "short", source={"set": "right", "parts": []})
    trained = make_run(runs, "train", set=str(sets / "short"))
    scored = make_run(runs, "evaluate", student_run=str(runs / trained))
    return lineage(runs, sets), f"run:{imported.id}", f"run:{trained}", f"run:{scored}"


def test_from_a_file_to_an_evaluation(tmp_path):
    graph, imported, trained, scored = world(tmp_path)
    recipe = next(key for key, node in graph.nodes.items() if node.kind == "recipe")
    assert sorted(graph.edges) == sorted([
        ("file:a.jsonl", imported), (imported, "set:right"), (recipe, "set:right"), (recipe, "set:short"),
        ("set:right", "set:short"), ("set:short", trained), (trained, scored),
    ])  # fmt: skip
    assert graph.nodes["set:right"] == Node("set:right", "set", "right", "3 traces", "right")
    assert graph.nodes["file:a.jsonl"].detail == "4 rows"


def test_depths_grow_along_every_edge(tmp_path):
    graph = world(tmp_path)[0]
    depths = graph.depths()
    assert all(depths[source] < depths[made] for source, made in graph.edges)
    assert depths["set:short"] == 3


def test_around_a_thing_are_its_ancestors_and_what_was_made_of_it(tmp_path):
    graph, imported, trained, scored = world(tmp_path)
    graph.add(Node("set:other", "set", "other"), imported)
    around = graph.around("set:right")
    assert "set:other" not in around.nodes
    assert {"file:a.jsonl", imported, "set:right", "set:short", trained, scored} <= set(around.nodes)


def test_what_is_gone_is_left_out(tmp_path):
    make_set(tmp_path / "sets", "child", source={"set": "gone"})
    make_run(tmp_path / "runs", "train", set="/nowhere/gone")
    graph = lineage(tmp_path / "runs", tmp_path / "sets")
    assert {made for _, made in graph.edges} == {"set:child"}
    assert lineage(tmp_path / "none", tmp_path / "none").nodes == {}
