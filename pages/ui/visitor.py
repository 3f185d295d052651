"""The visitor: who sits at this browser, so that what she says of a trace carries her name."""

import getpass
import os

import streamlit as st

HEADER = "WINNOW_USER_HEADER"  # names the header in which a proxy says who it let in
TYPED = "visitor-name"
LONGEST = 80  # ours: letters of a name


def signed_in() -> str | None:
    """Who is signed in through Streamlit's own login; None where nobody is."""
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        return None
    return _clean(user.get("email") or user.get("name") or user.get("sub"))


def by_proxy() -> str | None:
    """Whom the proxy let in; None without a proxy, or where the request did not come through it."""
    header = os.environ.get(HEADER)
    found = st.context.headers.get_all(header) if header else []
    return _clean(found[0]) if len(found) == 1 else None  # of two, one was sent by the visitor herself


def name() -> str:
    """Who is signed in, else whom the proxy let in, else the name typed here, else the user of this computer."""
    return signed_in() or by_proxy() or _clean(st.session_state.get(TYPED)) or _computer()


def show() -> None:
    """Under whose name labels are kept, with the way to change it: sign out, or type another."""
    with st.sidebar.popover(name().replace("@", "\\@"), icon=":material/person:", type="tertiary"):
        if signed_in():
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)
        elif by_proxy():
            st.caption("The proxy in front of this app says who you are.")
        else:
            st.text_input("Your name", key=TYPED, max_chars=LONGEST, placeholder=_computer(), persist_state="session",
                          help="Labels and notes of this browser carry it")  # fmt: skip


def _computer() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "unknown user"


def _clean(given: object) -> str | None:
    """A name on one line and of a bounded length; None where there is none."""
    return " ".join(str(given or "").split())[:LONGEST] or None
