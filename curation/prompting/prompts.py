"""Prompt texts: files with slots, shipped by operator or the workspace's own, told apart by a hash of their text.

A text is one user message, or several messages each begun by a line that names its role:

    [system]
    You shorten solutions.
    [user]
    {question}
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from curation.errors import UserError, unknown
from curation.models import SLOT, Message, fill

SHIPPED = Path(__file__).parents[1] / "prompts"
FOLDER = "prompts"  # in a workspace
ROLE = re.compile(r"^\[(system|user|assistant)\][ \t]*$", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OptionalPrompt = Annotated[str, Field(json_schema_extra={"widget": "prompt"})]
PromptText = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "prompt"})]


def shipped(operator: str, name: str) -> str:
    """The text of a shipped prompt: the default of a field."""
    return (SHIPPED / operator / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


def texts(operator: str, root: Path | None = None) -> dict[str, str]:
    """The prompts of an operator by name, shipped ones first; one of the workspace hides a shipped one."""
    folders = [SHIPPED / operator, *([root / FOLDER / operator] if root else [])]
    paths = [path for folder in folders for path in sorted(folder.glob("*.txt"))]
    return {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in paths}


def save(root: Path, operator: str, name: str, text: str) -> Path:
    """Write a prompt into the workspace; UserError for a name that cannot be a file's."""
    if not NAME.fullmatch(name):
        raise UserError(f"'{name}' cannot name a prompt: use letters, digits, '.', '_' and '-'.")
    path = root / FOLDER / operator / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    return path


def version(text: str) -> str:
    """Eight hex digits that tell one wording from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def slots_in(text: str) -> list[str]:
    """What looks like a slot, in order, each once; the braces of LaTeX are among them."""
    return list(dict.fromkeys(SLOT.findall(text)))


def checked(text: str, required: tuple[str, ...]) -> str:
    """The text itself; ValueError where a required slot is missing."""
    for name in required:
        if name not in slots_in(text):
            raise ValueError(f"the prompt has no slot {{{name}}}, which has to be in it")
    return text


def chat(text: str, slots: Mapping[str, object]) -> tuple[Message, ...]:
    """The messages of a prompt with its slots filled; a value never becomes a role line or a slot."""
    marks = list(ROLE.finditer(text))
    if not marks:
        return ({"role": "user", "content": fill(text, slots).strip()},)
    stops = [mark.start() for mark in marks[1:]] + [len(text)]
    return tuple(
        {"role": mark[1], "content": fill(text[mark.end() : stop], slots).strip()}
        for mark, stop in zip(marks, stops, strict=True)
    )


def find(operator: str, name: str, root: Path | None = None) -> str:
    """The text of that name; UserError names those there are."""
    known = texts(operator, root)
    if name not in known:
        raise unknown("prompt", name, list(known))
    return known[name]
