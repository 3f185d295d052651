"""Commands about models: which can be asked, and asking one."""

import argparse
import json

from curation.connection import Place, find, known, read
from curation.console import write
from curation.errors import UserError
from curation.models import Completion, Request, ask
from curation.workspace import Workspace


def models_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """List the models that can be asked by name."""
    listed = read(workspace.root)
    for name in known(workspace.root):
        values = (listed.get(name) or find(name, workspace.root)).dump()
        if given.json:
            write(json.dumps({"name": name, **values}))
        else:
            write(f"{name}: {', '.join(f'{field} {value}' for field, value in values.items())}")


def add_ask(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ask`."""
    parser.add_argument("model", metavar="MODEL", help="Name of a model, as `models` lists them")
    parser.add_argument("text", metavar="TEXT", help="The message it is sent")
    parser.add_argument("--max-new-tokens", type=int, default=512, help="Longest answer in tokens (default: 512)")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 takes the likeliest token (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="Draws another answer at temperatures above 0")


def ask_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Ask a model once, whatever was answered before, and show its answer, tokens and cost."""
    opened = find(given.model, workspace.root).open(given.model, Place(workspace.root))
    request = Request(ask(given.text), given.max_new_tokens, given.temperature, given.seed)
    found = opened.model.complete([request])[0]
    if found.failure is not None:
        raise UserError(f"{given.model} gave no answer ({found.cause}): {found.failure}")
    cost = opened.price.cost(found)
    if given.json:
        tokens = {"prompt_tokens": found.n_prompt_tokens, "generated_tokens": found.n_tokens, "cost": cost}
        said = {"text": found.text, "reasoning": found.reasoning, "finish_reason": found.finish_reason}
        return write(json.dumps({**said, **tokens}, ensure_ascii=False))
    if found.reasoning:
        write(found.reasoning)
    write(found.text)
    write(summary(found, cost))


def summary(found: Completion, cost: float | None) -> str:
    """Tokens, ending and cost in one line."""
    prompt = "unknown" if found.n_prompt_tokens is None else found.n_prompt_tokens
    price = "cost unknown" if cost is None else f"cost {cost:.6f}"
    return f"({prompt} prompt tokens, {found.n_tokens} generated, ended by {found.finish_reason}, {price})"
