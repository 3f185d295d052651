"""Claims of a trace listed by a model and checked against what is known by a model."""

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple

from curation.operator import Value
from curation.prompting.judging import object_schema
from curation.prompting.replies import json_of
from curation.trace import Trace

Known = Literal["question", "reference", "passages"]
Policy = Literal["unknown", "unsupported"]
VERDICTS = ("supported", "unsupported", "unknown")
LIST = object_schema({"claims": {"type": "array", "items": {"type": "string"}}})


class Checked(NamedTuple):
    """Scores of a trace's claims; None for what is unknown."""

    n_model_claims: float | None = None
    n_unsupported: float | None = None
    n_undecided: float | None = None
    share_supported: float | None = None


def listed(text: str, most: int) -> list[str] | None:
    """The claims a reply lists; None where it cannot be read."""
    found = (json_of(text) or {}).get("claims")
    if not isinstance(found, list) or not all(isinstance(claim, str) for claim in found):
        return None
    return [claim.strip() for claim in found if claim.strip()][:most]


def check_schema(count: int) -> str:
    """A verdict for each of so many claims, as a JSON schema."""
    verdict = {"type": "string", "enum": list(VERDICTS)}
    return object_schema({"verdicts": {"type": "array", "items": verdict, "minItems": count, "maxItems": count}})


def judged(text: str, count: int) -> list[str] | None:
    """The verdicts of a reply, one a claim; None where it cannot be read or does not fit the claims."""
    found = (json_of(text) or {}).get("verdicts")
    said = [str(one).strip().lower() for one in found] if isinstance(found, list) else []
    return said if found is not None and len(said) == count and set(said) <= set(VERDICTS) else None


def checked(verdicts: Sequence[str], unknown: Policy) -> Checked:
    """The scores of these verdicts; without a decided claim the share is unknown."""
    supported, against, undecided = (verdicts.count(name) for name in VERDICTS)
    against += undecided if unknown == "unsupported" else 0
    decided = supported + against
    return Checked(len(verdicts), against, undecided, supported / decided if decided else None)


def numbered(claims: Sequence[str]) -> str:
    """The claims, one a line, with their numbers."""
    return "\n".join(f"{number}. {claim}" for number, claim in enumerate(claims, 1))


def context(trace: Trace, kinds: Sequence[Known], passages: str) -> str:
    """What is known of a problem; passages are a value of that name in the trace's or the problem's `extra`."""
    found = {
        "question": [("Problem", trace.question)],
        "reference": [("Right answer", trace.problem.reference or "")],
        "passages": [("Passage", text) for text in _passages(trace, passages)],
    }
    return "\n\n".join(f"{title}:\n{text}" for kind in kinds for title, text in found[kind] if text.strip())


def _passages(trace: Trace, name: str) -> list[str]:
    for extra in (trace.extra, trace.problem.extra):
        values = json.loads(extra)
        found = values.get(name) if isinstance(values, dict) else None
        if found:
            return [_text(one) for one in (found if isinstance(found, list) else [found])]
    return []


def _text(value: object) -> str:
    """A passage that is a text, or an object with one under `text` and perhaps a `title`."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return f"{value['title']}\n{value['text']}" if value.get("title") else str(value["text"])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def scores(found: Checked) -> dict[str, Value]:
    """As an annotation's scores."""
    return dict(found._asdict())
