"""Asking about each row at most one thing whose answer is JSON."""

from collections.abc import Sequence
from typing import Any

from curation.asker import Asker
from curation.models import Request
from curation.operator import Failure
from curation.prompting.replies import json_of, unusable
from curation.trace import Trace


def asked(
    asker: Asker, model: str, traces: Sequence[Trace], requests: Sequence[Request | None]
) -> list[dict[str, Any] | Failure | None]:
    """The JSON each request is answered with, {} where there is none in it, or a failure; None where none is asked."""
    rows = [(trace, request) for trace, request in zip(traces, requests, strict=True) if request is not None]
    answers = iter(asker.complete(model, [request for _, request in rows], [trace.id for trace, _ in rows]))
    said: list[dict[str, Any] | Failure | None] = []
    for trace, request in zip(traces, requests, strict=True):
        if request is None:
            said.append(None)
            continue
        answer = next(answers)
        reason = unusable(answer)
        said.append(Failure(trace.id, reason) if reason else json_of(answer.text) or {})
    return said
