"""The rules of the house, read from the syntax trees: who imports whom, how large things are, what is never done."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("curation", "training", "pages", "data", "tests")
FILES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if not any(part.startswith(".") or part == "workspace" for part in path.relative_to(ROOT).parts)
)
FILES += sorted(ROOT.glob("*.py"))
PRODUCT = [path for path in FILES if path.relative_to(ROOT).parts[0] != "tests"]
HEAVY = {
    "torch", "transformers", "sentence_transformers", "vllm", "ray", "trl", "peft", "accelerate", "datasets",
}  # fmt: skip
OPERATOR_MAY_IMPORT = {
    "trace", "operator", "params", "models", "encoders", "answers", "sandbox", "benchmarks", "errors", "rendering",
    "texts", "comparing", "verifying", "asker", "prompting",
}  # fmt: skip
FILE_LINES, FUNCTION_LINES = 300, 60
# duckdb.connect() without a file is an in-memory connection and needs no owner
MAY_CONNECT_IN_MEMORY = {
    "curation/application/memory.py",
    "curation/application/together.py",
    "curation/query/sql.py",
    "curation/query/sql_gate.py",
    "curation/application/ledger.py",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports(path: Path) -> set[str]:
    """Every module imported anywhere in a file."""
    return set(imported(ast.walk(tree(path))))


def imports_on_import(path: Path) -> set[str]:
    """Modules imported as soon as the file is, so not those inside functions or for type checkers alone."""

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            checking = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            if not checking and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from walk(child)

    return set(imported(walk(tree(path))))


def packages(modules: set[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def called(path: Path) -> set[str]:
    return {ast.unparse(call.func) for call in calls(path)}


def of(*rooms: str) -> list[Path]:
    return [path for path in FILES if path.relative_to(ROOT).parts[0] in rooms]


def test_imports_point_one_way():
    above = {"curation": {"training", "pages", "app"}, "training": {"pages", "app"}}
    wrong = {
        name(path): found
        for room, forbidden in above.items()
        for path in of(room)
        if (found := packages(imports(path)) & forbidden)
    }
    assert wrong == {}


def test_training_knows_nothing_of_the_store():
    forbidden = {"curation.store", "curation.workspace", "curation.query.browse", "duckdb"}
    assert {name(path): found for path in of("training") if (found := imports(path) & forbidden)} == {}


def test_streamlit_and_plotly_stay_in_the_pages():
    others = [path for path in PRODUCT if path not in of("pages") and name(path) != "app.py"]
    drawing = {"streamlit", "plotly", "altair"}
    wrong = {name(path): found for path in others if (found := packages(imports(path)) & drawing)}
    assert wrong == {}


def test_only_the_store_opens_a_duckdb_file():
    on_a_file, in_memory = set(), set()
    for path in PRODUCT:
        for call in calls(path):
            if ast.unparse(call.func) == "duckdb.connect":
                (on_a_file if call.args else in_memory).add(name(path))
    assert on_a_file == {"curation/store.py"}
    assert in_memory <= MAY_CONNECT_IN_MEMORY


def test_pages_hold_no_sql():
    wrong = [name(path) for path in of("pages") if "duckdb" in packages(imports(path))]
    assert wrong == []


def test_heavy_packages_are_imported_where_they_are_used():
    # objectives subclass trainers, and are imported when a run trains
    wrong = {name(path): found for path in PRODUCT if (found := packages(imports_on_import(path)) & HEAVY)}
    assert wrong == {}


def test_operators_import_traces_and_tools_only():
    wrong = {}
    for path in (ROOT / "curation" / "operators").glob("*.py"):
        modules = {module for module in imports(path) if module.startswith("curation.")}
        parts = {module.split(".")[1] for module in modules}
        if not parts <= OPERATOR_MAY_IMPORT:
            wrong[path.name] = parts - OPERATOR_MAY_IMPORT
    assert wrong == {}


def test_files_are_short():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {file: length for file, length in lengths.items() if length > FILE_LINES} == {}


def test_functions_are_short():
    wrong = {}
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    wrong[f"{name(path)}: {node.name}"] = length
    assert wrong == {}


@pytest.mark.parametrize(
    "forbidden",
    [
        {"print"},
        {"eval", "exec", "compile", "__import__"},
        {"pickle.load", "pickle.loads", "marshal.loads", "shelve.open", "joblib.load", "pd.read_pickle", "np.load"},
        {"os.system", "os.popen", "subprocess.getoutput"},
        {"yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.safe_load"},  # yaml_lines reads without aliases
        {"os.path.expanduser"},  # places.typed does
        {"hasattr"},
    ],
    ids=lambda names: sorted(names)[0],
)
def test_never_called(forbidden):
    assert {name(path): found for path in PRODUCT if (found := called(path) & forbidden)} == {}


def test_no_command_goes_through_a_shell():
    through = [
        name(path) for path in FILES for call in calls(path) for word in call.keywords
        if word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False)
    ]  # fmt: skip
    assert through == []


def test_modules_are_imported_by_name_only_where_a_registry_is_a_folder():
    by_name = {name(path) for path in PRODUCT if "importlib.import_module" in called(path)}
    assert by_name == {"curation/spec.py"}


def test_only_readers_of_traces_draw_html_beside_markdown():
    drawing = {
        name(path) for path in PRODUCT for call in calls(path) for word in call.keywords
        if word.arg == "unsafe_allow_html"
    }  # fmt: skip
    assert drawing == {"pages/ui/reading/reader.py", "pages/ui/reading/trace_view.py"}


def test_models_and_tensors_are_loaded_safely():
    unsafe = []
    for path in PRODUCT:
        for call in calls(path):
            words = {word.arg: ast.unparse(word.value) for word in call.keywords}
            if words.get("trust_remote_code", "False") != "False" or words.get("weights_only", "True") != "True":
                unsafe.append(f"{name(path)}:{call.lineno}")
            if ast.unparse(call.func) == "torch.load":
                unsafe.append(f"{name(path)}:{call.lineno}")
    assert unsafe == []
