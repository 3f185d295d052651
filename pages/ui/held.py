"""A store that another process holds: which one and what to do, said on every page, until it is free."""

import streamlit as st

from curation.errors import UserError
from curation.storing.held import Held
from curation.workspace import Workspace

POLL = 2.0  # seconds


def wait(work: Workspace) -> None:
    """Nothing while the store is ours; else say who holds it, draw no more, and take over when it is free."""
    refused = refusal(work)
    if refused:
        st.error(str(refused), icon=":material/lock:")
        st.caption("This page goes on by itself as soon as that process has ended.")
        _watch(work)
        st.stop()


def refusal(work: Workspace) -> Held | None:
    """Why the store is not ours; None also where it is damaged, which the page says by itself."""
    try:
        work.store.cursor().close()
    except Held as error:
        return error
    except UserError:
        return None
    return None


@st.fragment(run_every=POLL)
def _watch(work: Workspace) -> None:
    """Look again and again whether the store is free."""
    if refusal(work) is None:
        st.rerun()
