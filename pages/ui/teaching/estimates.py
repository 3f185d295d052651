"""What generating takes, in words, for each model that is asked."""

import os
from collections.abc import Sequence

import streamlit as st

from curation.connection import Connection, find
from curation.errors import UserError
from curation.generating.forecast import Forecast, Past, forecast, past_of, price_of
from curation.operators.generate import Generate
from curation.serving import Served
from curation.trace import Problem
from curation.workspace import Workspace
from pages.ui.reading.maths import inline, unlinked
from pages.ui.runs.run_panel import duration
from pages.ui.state import runs
from pages.ui.teaching import serving_view
from pages.ui.teaching.model_list import has_price, key_variables

NO_PRICE = "It runs on this machine and has no price."
UNITS = ((1e9, "billion"), (1e6, "million"))


def show(work: Workspace, steps: Sequence[Generate], problems: Sequence[Problem]) -> None:
    """Calls and tokens once, then money and time of each model."""
    earlier = runs(work, "generate")
    for place, step in enumerate(steps):
        try:
            connection = find(step.model, work.root)
        except UserError as error:
            st.error(unlinked(str(error)), icon=":material/error:")
            continue
        if missing := unready(work, step.model, connection):
            st.warning(missing, icon=":material/power_off:")
        past = past_of(step, earlier)
        found = forecast(step, problems, price_of(connection), past)
        if not place:
            st.caption(size(found))
        name = f"**{inline(step.model)}**: " if len(steps) > 1 else ""
        st.caption(f"{name}{money(found) if has_price(connection) else NO_PRICE} {time(found, past)}")


def unready(work: Workspace, name: str, connection: Connection) -> str | None:
    """What keeps a model from being asked now, as far as can be seen without asking it."""
    if isinstance(connection, Served) and serving_view.state_of(work, name) != "running":
        return f"The server of {inline(name)} does not run; start it on the models page first."
    unset = [variable for variable in key_variables({name: connection}) if not os.environ.get(variable)]
    return f"{inline(name)} cannot be asked: `{unset[0]}`, which has its key, is not set." if unset else None


def size(found: Forecast) -> str:
    """Traces, calls and tokens."""
    calls = f"at most {found.most_calls:,} calls" if found.several else f"{found.most_calls:,} calls"
    prompts = f"about {many(found.prompt_tokens)} prompt tokens{' in the first of them' if found.several else ''}"
    return f"{found.traces:,} traces in {calls}: {prompts}, at most {many(found.most_tokens)} generated."


def money(found: Forecast) -> str:
    """What it costs, as far as anybody knows."""
    most = None if found.most_cost is None else f"at most {amount(found.most_cost)}"
    usual = None if found.usual_cost is None else f"about {amount(found.usual_cost)} by earlier runs"
    known = [words for words in (usual, most) if words]
    return f"Cost {', '.join(known)}." if known else "Cost unknown: set its price on the models page."


def time(found: Forecast, past: Past) -> str:
    """How long it takes, as far as anybody knows."""
    if found.seconds is None or past.pace is None or found.usual_tokens is None:
        return "Time unknown: it did not generate here in this mode yet."
    return (
        f"About {duration(found.seconds)} for {many(found.usual_tokens)} generated tokens, at its earlier pace of "
        f"{past.pace:,.0f} a second."
    )


def many(count: int) -> str:
    """A count of tokens, rounded where it is large."""
    return next((f"{count / size:,.1f} {name}" for size, name in UNITS if count >= size), f"{count:,}")


def amount(money: float) -> str:
    """Money in the currency of the prices."""
    return f"{money:,.2f}" if money >= 1 or not money else f"{money:.2g}"
