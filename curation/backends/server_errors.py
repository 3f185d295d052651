"""What a server says when it does not answer: a failure of one request, or what no request can escape."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from curation.errors import UserError
from curation.models import Cause

if TYPE_CHECKING:
    import httpx

SHOWN = 300  # characters of a server's own words
TOO_LONG = re.compile(
    r"context.{0,10}(length|window|size)|maximum.{0,20}(tokens|length)|too many tokens", re.IGNORECASE
)
NUMBER = re.compile(r"\d[\d,]{2,}")
NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")


@dataclass
class Failed(Exception):
    """Why a try brought no answer; `again`: another may. `after`: seconds the server asks for."""

    cause: Cause
    reason: str
    again: bool = True
    after: float = 0.0
    refused: bool = False


def message_of(response: "httpx.Response") -> tuple[str, str]:
    """The server's own words, in one line, and its code for them."""
    try:
        found: Any = json.loads(response.text)
        found = found.get("error", found) if isinstance(found, dict) else found
        words = found.get("message", found.get("detail", found)) if isinstance(found, dict) else found
        code = str(found.get("code") or "") if isinstance(found, dict) else ""
    except ValueError:
        words, code = response.text, ""
    return " ".join(str(words).split())[:SHOWN], code


def failure_of(response: "httpx.Response") -> Failed:
    """The failure of one request, by the status and words of its response."""
    words, code = message_of(response)
    status, after = response.status_code, _after(response)
    said = f"HTTP {status}: {words}"
    if status == 429:
        return Failed("rate_limit", said, after=after)
    if status == 408:
        return Failed("timeout", said, after=after)
    if status == 409 or status >= 500:
        return Failed("server_error", said, after=after)
    if code == "context_length_exceeded" or TOO_LONG.search(words):
        return Failed("context_length", too_long(words), again=False)
    return Failed("bad_request", said, again=False)


def too_long(words: str) -> str:
    """What to do where prompt and answer do not fit, with the server's own numbers."""
    return f"prompt and answer do not fit the model; lower max_new_tokens or leave the row out. The server: {words}"


def _after(response: "httpx.Response") -> float:
    """Seconds of Retry-After, given as a number or a date; 0 where there is none."""
    given = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def refuse(response: "httpx.Response", url: str, model: str, key_variable: str, models: Sequence[str]) -> None:
    """UserError for what no request can escape: the key, the account, the model's name, the address."""
    words, code = message_of(response)
    status = response.status_code
    if status in (401, 403):
        name = key_variable or "the variable that key_variable of its connection names"
        raise UserError(f"The server {url} refuses the key (HTTP {status}): set the environment variable {name}.")
    if status == 402 or code in NO_CREDIT:
        raise UserError(f"The account at {url} has no credit left: top it up and resume; finished calls are kept.")
    if status == 404 and "model" in words.lower():
        known = ", ".join(models) or "it lists none"
        raise UserError(f"The server {url} has no model '{model}'; its models: {known}. Correct the model's name.")
    if status in (404, 405) or 300 <= status < 400:
        raise UserError(f"{response.request.url} is not there (HTTP {status}): does the url {url} end as in .../v1?")
