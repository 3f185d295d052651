"""What is written is true: README, reference page, shipped recipes, pinned requirements."""

import re
from pathlib import Path

import pytest

from curation.__main__ import build_parser
from curation.docs import reference
from curation.operator import OPERATORS
from curation.recipe import SHIPPED, Recipe
from training.objective import OBJECTIVES
from training.strategy import STRATEGIES

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
WORDS = (
    "problem", "trace", "segment", "score", "operator", "annotator", "mapper", "selector", "recipe", "verdict ledger",
    "curated set", "objective", "strategy", "run", "teacher", "student", "mentor", "benchmark",
)  # fmt: skip
REFERENCES = (
    (OPERATORS, "curation/OPERATORS.md"),
    (OBJECTIVES, "training/OBJECTIVES.md"),
    (STRATEGIES, "training/STRATEGIES.md"),
)
TARGETS = ("make app", "make test")


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def commands() -> list[str]:
    usage = build_parser().format_help()
    return re.findall(r"^    ([\w-]+)(?: |$)", usage, flags=re.MULTILINE)


def test_the_parser_has_the_commands_of_the_command_line():
    assert commands() == [
        "import", "traces", "annotate", "apply", "generate", "rebuild", "rebuild-store", "sets", "diff", "export",
        "quarantine", "benchmark", "serve", "models", "ask", "docs",
    ]  # fmt: skip


@pytest.mark.parametrize("command", commands())
def test_the_readme_mentions_every_command(readme, command):
    assert re.search(rf"\bcuration {command}\b|`{command}\b", readme)


@pytest.mark.parametrize("target", TARGETS)
def test_the_readme_mentions_how_to_start(readme, target):
    assert target in readme


@pytest.mark.parametrize("word", WORDS)
def test_the_readme_explains_every_word(readme, word):
    assert re.search(rf"\b{word}", readme, flags=re.IGNORECASE)


@pytest.mark.parametrize(("family", "page"), REFERENCES, ids=[page for _, page in REFERENCES])
def test_a_reference_page_is_what_the_code_says(family, page):
    written = (ROOT / page).read_text(encoding="utf-8")
    assert written == reference(family, Path(page).stem.title()), "write it again with: make docs"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_recipes_load_and_are_described(path):
    recipe = Recipe.load(path)
    assert recipe.name == path.stem
    assert recipe.description.endswith(".")
    assert recipe.steps


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.stem)
def test_requirements_are_pinned(path):
    lines = [line.split("#")[0].split(";")[0].strip() for line in path.read_text().splitlines()]
    pinned = re.compile(r"[\w.\-\[\]]+(==\S+| @ \S+)")
    loose = [line for line in lines if line and not line.startswith("-") and not pinned.fullmatch(line)]
    assert loose == []


def test_the_makefile_names_its_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE).group(1).split()
    missing = [target for target in phony if not re.search(rf"^{target}:", makefile, flags=re.MULTILINE)]
    assert missing == []
