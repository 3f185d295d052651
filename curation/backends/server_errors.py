"""What a server says when it does not answer: a failure of one request, or what no request can escape."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from curation.backends.wire import CONTINUED
from curation.errors import UserError
from curation.models import Cause

SHOWN = 300  # characters of a server's own words
TOO_LONG = re.compile(
    r"context.{0,10}(length|window|size)|max_model_len|maximum (model )?length|too many (input )?tokens|prompt is too "
    r"long",
    re.IGNORECASE,
)
# in the words of vLLM, of OpenAI and of llama.cpp; the first that is found counts
LIMIT = (r"(?:length|limit|window|size) (?:is|of) (\d+)", r"context size \((\d+)", r"max_model_len=(\d+)")
PROMPT = (
    r"(\d+) (?:input|prompt) tokens",
    r"(\d+) in the messages",
    r"request \((\d+) tokens\)",
    r"resulted in (\d+)",
)
NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")


class Reply(NamedTuple):
    """A whole response; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


@dataclass(eq=False)
class Failed(Exception):
    """Why a try brought no answer; `again`: another may. `after`: seconds the server asks for.

    `refused`: nobody listens there. `withheld`: the server would not answer this.
    """

    cause: Cause
    reason: str
    again: bool = True
    after: float = 0.0
    refused: bool = False
    withheld: bool = False


def words_of(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}".rstrip(": ")[:SHOWN]


def message_of(reply: Reply) -> tuple[str, str]:
    """The server's own words, in one line, and its code for them."""
    try:
        found: Any = json.loads(reply.content)
    except ValueError:
        return " ".join(reply.text.split())[:SHOWN], ""
    found = found.get("error", found) if isinstance(found, dict) else found
    if not isinstance(found, dict):
        return " ".join(str(found).split())[:SHOWN], ""
    words = found.get("message", found.get("detail", found))
    return " ".join(str(words).split())[:SHOWN], str(found.get("code") or "")


def failure_of(reply: Reply) -> Failed:
    """The failure of one request, by the status and words of its response."""
    words, code = message_of(reply)
    after = _after(reply.headers.get("retry-after", ""))
    said = f"HTTP {reply.status}: {words}" + (f" (it asks to wait {after:.0f} s)" if after else "")
    if reply.status == 429:
        return Failed("rate_limit", said, after=after)
    if reply.status == 408:
        return Failed("timeout", said, after=after)
    if reply.status == 409 or reply.status >= 500:
        return Failed("server_error", said, after=after)
    if code == "context_length_exceeded" or TOO_LONG.search(words):
        return Failed("context_length", too_long(words), again=False)
    return Failed("bad_request", said, again=False, withheld=code == "content_filter")


def too_long(words: str) -> str:
    """What to do where prompt and answer do not fit, with the numbers that the server tells."""
    limit, prompt = _number(LIMIT, words), _number(PROMPT, words)
    room = f"the model's limit of {limit} tokens" if limit else "the model's limit"
    if prompt is None:
        return f"prompt and answer exceed {room}: lower max_new_tokens, or leave out the row. The server: {words}"
    if limit and prompt >= limit:
        return f"the prompt's {prompt} tokens exceed {room}: shorten the prompt, or leave out the row"
    return f"the prompt's {prompt} tokens and the answer exceed {room}: lower max_new_tokens, or leave out the row"


def _number(patterns: Sequence[str], words: str) -> int | None:
    found = next((match for pattern in patterns if (match := re.search(pattern, words))), None)
    return int(found[1]) if found else None


def _after(given: str) -> float:
    """Seconds of Retry-After, given as a number or a date; 0 where there is none."""
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def refuse(reply: Reply, url: str, model: str, key_variable: str, models: Callable[[], Sequence[str]]) -> None:
    """UserError for what no request can escape: the key, the account, the model's name, the address, a prefix."""
    words, code = message_of(reply)
    status = reply.status
    if status in (401, 403):
        name = f"the environment variable {key_variable}" if key_variable else "key_variable of its connection"
        raise UserError(f"The server {url} refuses the key (HTTP {status}); set {name} to one that holds.")
    if status == 402 or code in NO_CREDIT:
        raise UserError(f"The account at {url} has no credit left: top it up and resume; finished calls are kept.")
    if code == "model_not_found" or (status == 404 and "model" in words.lower()):
        known = ", ".join(models()) or "it lists none"
        raise UserError(f"The server {url} has no model '{model}'; its models: {known}. Correct the model's name.")
    if status in (404, 405) or 300 <= status < 400:
        raise UserError(f"{reply.url} is not there (HTTP {status}): does the url {url} end as in .../v1?")
    if status in (400, 422) and any(name in words for name in CONTINUED):
        raise UserError(
            f"The server {url} cannot go on from a given beginning, so this step cannot use it: it refuses "
            f"{' and '.join(CONTINUED)}. Use a vLLM server or a transformers connection."
        )
