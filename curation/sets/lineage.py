"""Where everything comes from and what was made of it: files, imports, recipes, sets, train and evaluate runs.

Runs are read from run.json by fields every run has, so students' runs need nothing of the code that trains them.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from curation.curated import CuratedSet, all_sets
from curation.runs import Run, all_runs

Kind = Literal["file", "import", "recipe", "set", "train", "evaluate"]
KINDS: tuple[Kind, ...] = ("file", "import", "recipe", "set", "train", "evaluate")


@dataclass(frozen=True, slots=True)
class Node:
    """One thing: what people call it, what is known of it, and the run, set or recipe to open for it."""

    id: str
    kind: Kind
    name: str
    detail: str = ""
    opens: str = ""


@dataclass(slots=True)
class Graph:
    """Things and what they were made from."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)

    def add(self, node: Node, *made_from: str) -> None:
        """Add a thing and what it was made from."""
        self.nodes.setdefault(node.id, node)
        self.edges += [(source, node.id) for source in made_from if (source, node.id) not in self.edges]

    def around(self, node_id: str) -> "Graph":
        """The thing, all it was made from and all that was made of it."""
        above = {(b, a) for a, b in self.edges}
        kept = {node_id} | _reach(node_id, self.edges) | _reach(node_id, above)
        edges = [(a, b) for a, b in self.edges if a in kept and b in kept]
        return Graph({key: node for key, node in self.nodes.items() if key in kept}, edges)

    def depths(self) -> dict[str, int]:
        """How many steps each thing is from the first it was made from."""
        found = dict.fromkeys(self.nodes, 0)
        for _ in self.nodes:  # a path has at most as many steps as there are things
            moved = {b: found[a] + 1 for a, b in self.edges if found[b] <= found[a]}
            if not moved:
                break
            found |= moved
        return found


def lineage(runs_root: Path, sets_root: Path) -> Graph:
    """The graph of a workspace; what an edge leads to may be gone, then it is left out."""
    graph, runs = Graph(), list(reversed(all_runs(runs_root)))
    importers = _imports(graph, [run for run in runs if run.request.kind == "import"])
    for curated in reversed(all_sets(sets_root)):
        _set(graph, curated, importers)
    for run in runs:
        if run.request.kind in ("train", "evaluate"):
            _student(graph, run)
    known = graph.nodes
    return Graph(known, [(a, b) for a, b in graph.edges if a in known and b in known])


def _imports(graph: Graph, runs: Iterable[Run]) -> dict[str, list[str]]:
    """Files and the runs that imported them; the runs by file."""
    importers: dict[str, list[str]] = {}
    for run in runs:
        report = run.out / "report.json"
        files = json.loads(report.read_text(encoding="utf-8"))["files"] if report.is_file() else []
        for file in files:
            graph.add(Node(f"file:{file['path']}", "file", Path(file["path"]).name, f"{file['rows']:,} rows"))
            importers.setdefault(file["path"], []).append(f"run:{run.id}")
        traces = sum(file["traces"] for file in files)
        node = Node(f"run:{run.id}", "import", run.request.title, f"{traces:,} traces", run.id)
        graph.add(node, *(f"file:{file['path']}" for file in files))
    return importers


def _set(graph: Graph, curated: CuratedSet, importers: Mapping[str, list[str]]) -> None:
    facts = curated.manifest
    recipe = f"recipe:{hashlib.sha256(facts.recipe_yaml.encode()).hexdigest()[:12]}"
    graph.add(Node(recipe, "recipe", facts.recipe, f"{len(facts.steps)} steps", facts.recipe_yaml))
    parent = facts.source.get("set")
    sources = [f"set:{parent}"] if parent else []
    for file, rows in facts.files.items() if not parent else ():
        graph.add(Node(f"file:{file}", "file", Path(file).name, f"{rows:,} rows in {curated.name}"))
        sources += importers.get(file) or [f"file:{file}"]
    node = Node(f"set:{curated.name}", "set", curated.name, f"{facts.rows:,} traces", curated.name)
    graph.add(node, recipe, *sources)


def _student(graph: Graph, run: Run) -> None:
    """A run that trains or evaluates: made from its set and from the run of its student."""
    inputs, scores = run.request.inputs, run.result("scores.json") or {}
    sources = [f"set:{Path(inputs['set']).name}"] if inputs.get("set") else []
    sources += [f"run:{Path(inputs['student_run']).name}"] if inputs.get("student_run") else []
    known = {name: scores[name] for name in ("loss", "accuracy") if isinstance(scores.get(name), float)}
    detail = ", ".join(f"{name} {value:.3g}" for name, value in known.items()) or run.status().state
    kind: Kind = "train" if run.request.kind == "train" else "evaluate"
    graph.add(Node(f"run:{run.id}", kind, run.request.title, detail, run.id), *sources)


def _reach(start: str, edges: Iterable[tuple[str, str]]) -> set[str]:
    """Everything that can be reached along the edges."""
    followers: dict[str, list[str]] = {}
    for a, b in edges:
        followers.setdefault(a, []).append(b)
    found, waiting = set[str](), [start]
    while waiting:
        for node in followers.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
