"""A model behind any OpenAI-compatible server: a vLLM server started elsewhere, or a provider's."""

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from curation.asker import Opened
from curation.backends.meter import Price
from curation.connection import Connection, Money, Place
from curation.errors import UserError
from curation.params import Count, ModelName, Positive

if TYPE_CHECKING:
    from curation.backends.openai_server import OpenAIModel

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST = 16  # ours: characters of a variable's name of one word; keys are longer


class ServerConnection(Connection):
    """A model that an OpenAI-compatible server answers for: vLLM, or a provider's."""

    backend: Literal["server"] = "server"
    url: str = Field(pattern=r"^https?://", description="Address of the server, ending as in .../v1")
    model: ModelName = Field(description="What the server calls the model")
    key_variable: str = Field("", description="Environment variable that holds the key, never the key")
    concurrency: Positive = Field(32, description="Most requests in flight; fewer while the server is busy")
    deadline: float = Field(600.0, gt=0, description="Seconds for one request and all its tries")
    retries: Count = Field(6, description="Tries after the first, where another may help")
    requests_per_minute: Positive | None = Field(None, description="Most requests a minute; without, no limit")
    tokens_per_minute: Positive | None = Field(None, description="Most tokens a minute; without, no limit")
    answers_per_call: Positive = Field(1, description="Samples in one call; vLLM draws them as apart, others may not")
    prompt_price: Money | None = Field(None, description="Cost of a million prompt tokens")
    generated_price: Money | None = Field(None, description="Cost of a million generated tokens")

    @field_validator("key_variable")
    @classmethod
    def _no_key(cls, value: str) -> str:
        """UserError, which unlike ValueError does not repeat what it found."""
        if value and (not VARIABLE.fullmatch(value) or ("_" not in value and len(value) > LONGEST)):
            raise UserError(
                "server.key_variable: expected the name of an environment variable, as in TEACHER_KEY; found what may "
                "be a key. Put the key into the environment, and the variable's name here."
            )
        return value

    @field_validator("url")
    @classmethod
    def _no_credentials(cls, value: str) -> str:
        if "@" in value or "?" in value:
            raise UserError("server.url: expected an address without user, key or question mark; see key_variable.")
        return value.rstrip("/")

    def open(self, name: str, place: Place) -> Opened:
        """A client of the server; nothing is asked yet."""
        model = self.client(place.stopping)
        price = Price(self.prompt_price, self.generated_price)
        return Opened(model, f"server {self.url} {self.model}", price)

    def models(self) -> list[str]:
        """The names of the server's models, within seconds; UserError when it cannot be asked."""
        return self.client().models()

    def client(self, stopping: Callable[[], bool] = lambda: False) -> "OpenAIModel":
        """The server as a model; UserError where the key is missing."""
        from curation.backends.openai_server import OpenAIModel

        key = os.environ.get(self.key_variable, "") if self.key_variable else ""
        if self.key_variable and not key:
            raise UserError(f"The server {self.url} needs its key in the environment variable {self.key_variable}.")
        return OpenAIModel(
            self.url, self.model, key, concurrency=self.concurrency, deadline=self.deadline, retries=self.retries,
            requests_per_minute=self.requests_per_minute, tokens_per_minute=self.tokens_per_minute,
            answers_per_call=self.answers_per_call, stopping=stopping, key_variable=self.key_variable,
        )  # fmt: skip
