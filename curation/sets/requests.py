"""What a run that freezes a set is asked for, and which names a set may have."""

import re
from pathlib import Path
from typing import Any

from curation.curated import Origin
from curation.errors import UserError
from curation.recipe import Recipe
from curation.runs import Request

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
AGAIN = "again.json"  # in a run's in/: the manifest of the set that it makes once more


def check_name(sets_root: Path, name: str) -> None:
    """UserError when a set cannot have this name."""
    if not NAME.fullmatch(name):
        raise UserError(f"'{name}' cannot name a set: use letters, digits, '.', '_' and '-', at most 80.")
    if (sets_root / name).exists():
        raise UserError(f"A curated set '{name}' exists already; choose another name.")


def request(recipe: Recipe, target: Path, source: dict[str, Any], given: dict[str, Any]) -> Request:
    """The request of an apply run; `source` goes into the manifest, `given` to the worker alone."""
    rebuild, text = f"python -m curation rebuild {target.name}", recipe.dump()
    origin = Origin(name=target.name, recipe=recipe.name, recipe_yaml=text, source=source, rebuild=rebuild)
    return Request(
        kind="apply",
        worker="curation.worker",
        title=f"Curate {target.name} with {recipe.name}",
        spec={"recipe": text},
        inputs={**given, "set": str(target), "origin": origin.model_dump(mode="json")},
    )
