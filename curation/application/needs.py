"""What an annotator needs before it: the stored annotators that add it, or the ones that would by default."""

from collections.abc import Iterable, Sequence

from curation.operator import METADATA, OPERATORS, Annotator, Operator
from curation.recipe import annotators_of


def with_needs(steps: Sequence[Annotator], stored: Iterable[Operator]) -> list[Annotator]:
    """The steps, each behind what it reads: scores, segments, vectors.

    What is stored is taken as it was measured, the latest first; a score that nobody is known to add is left out,
    so that the recipe's check names it.
    """
    newest = [step for step in reversed(list(stored)) if isinstance(step, Annotator)]
    found: list[Annotator] = []
    for step in steps:
        _add(step, newest, found)
    return found


def _add(step: Annotator, newest: list[Annotator], found: list[Annotator]) -> None:
    if step in found:
        return
    for before in _before(step, newest, found):
        if before != step:
            _add(before, newest, found)
    found.append(step)


def _before(step: Annotator, newest: list[Annotator], found: list[Annotator]) -> list[Annotator]:
    known = [one for one in (*found, *newest) if one != step]  # one that marks segments anew needs others' first
    needed = [_first([s for s in known if s.adds_segments], "segment")] if step.needs_segments else []
    needed += [_first([s for s in known if s.adds_vectors], "embed")] if step.needs_vectors else []
    for name in step.needs():
        adding = [s for s in known if name in s.adds()]
        if name not in METADATA and (adding or annotators_of(name)):
            needed.append(_first(adding, *annotators_of(name)))
    return needed


def _first(known: list[Annotator], *titles: str) -> Annotator:
    made = known[0] if known else OPERATORS.parse({"op": titles[0]})
    assert isinstance(made, Annotator)
    return made
