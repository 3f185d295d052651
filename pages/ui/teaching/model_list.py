"""What can be asked, as rows of a table: connections, the shipped base, and the students trained here."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from curation.connection import BASE, CONNECTIONS, Connection, known

State = Literal["running", "starting", "stopped", "reachable", "unreachable", "not tested", "on demand"]
PRICES = ("prompt_price", "generated_price")
KEY = "key_variable"
HERE = "this machine"


class Askable(NamedTuple):
    """A model with how it is reached; `listed` where it stands in the workspace's own list."""

    name: str
    connection: Connection
    listed: bool


def askable(root: Path, connections: Mapping[str, Connection]) -> list[Askable]:
    """Every model that can be asked by its name alone."""
    own = [Askable(name, connection, True) for name, connection in connections.items()]
    local = (name for name in known(root) if name not in connections)
    return [*own, *(Askable(name, _on_this_machine(name), False) for name in local)]


def _on_this_machine(name: str) -> Connection:
    return CONNECTIONS.parse({"backend": "transformers", "model": name})


def row(model: Askable, state: State, where: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """A model in the table; a trained student by its run's title."""
    values = model.connection.parameters()
    weights = str(values.get("model") or "")
    return {
        "Name": model.name,
        "Model": titles.get(weights, weights),
        "Backend": model.connection.title(),
        "State": state,
        "Where": where,
        "Price": price(model.connection),
    }


def price(connection: Connection) -> str | None:
    """What a million prompt tokens and a million generated tokens cost, where either is known."""
    found = [connection.parameters().get(name) for name in PRICES]
    return None if found == [None, None] else " / ".join("?" if one is None else f"{one:g}" for one in found)


def columns(found: Sequence[Askable]) -> list[str]:
    """The columns that say something: prices only where there are any."""
    told = any(price(model.connection) for model in found)
    return ["Name", "Model", "Backend", "State", "Where", *(["Price"] if told else [])]


def has_price(connection: Connection) -> bool:
    """Whether answers over this connection can have a price."""
    return set(PRICES) <= set(type(connection).model_fields)


def priced(connections: Mapping[str, Connection]) -> list[str]:
    """Names of the connections that can have a price."""
    return [name for name, connection in connections.items() if has_price(connection)]


def with_prices(
    connections: Mapping[str, Connection], edits: Mapping[int, Mapping[str, float | None]]
) -> dict[str, Connection]:
    """The connections with edited prices; `edits` are those of the table of priced connections, by its rows."""
    changed = dict(connections)
    names = priced(connections)
    for place, values in edits.items():
        old = connections[names[int(place)]]
        changed[names[int(place)]] = CONNECTIONS.parse({**old.dump(), **values}, f"{names[int(place)]}: ")
    return changed


def described(model: Askable) -> str:
    """What a model is, for those that nobody listed."""
    if model.listed:
        return model.connection.help()
    return "The student that comes with Winnow." if model.name == BASE else "A student trained here."


def key_variables(connections: Mapping[str, Connection]) -> Iterator[str]:
    """Names of the environment variables that the connections take keys from."""
    found = (connection.parameters().get(KEY) for connection in connections.values())
    return (str(name) for name in dict.fromkeys(found) if name)
