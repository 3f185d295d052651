"""Who may use this app: on this computer anybody, from anywhere else only people who are signed in.

Streamlit binds before any line of ours runs, so what is refused is every page: nothing is drawn, read or started
until `admit` lets a browser session pass, and the reason is written to the log.
"""

import importlib.util
import ipaddress
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

import streamlit as st

from curation.places import confine
from pages.ui import visitor

LOG = logging.getLogger("winnow")
KEY = "client_id"  # what a provider's section of [auth] has
ANY = ("", "*")  # hosts that would let every name pass
SHORTEST = 32  # ours, letters of a secret that signs cookies: 16 bytes written in hexadecimal


class Server(NamedTuple):
    """How the server listens and what guards it: as Streamlit's options and the environment say."""

    address: str | None
    login: bool
    header: str
    xsrf: bool = True
    cors: bool = True
    hosts: tuple[str, ...] = ("localhost",)
    secret: str = ""

    def alone(self) -> bool:
        """Whether only this computer reaches it; an address that is not set means every one."""
        return is_loopback(self.address) and not (self.login or self.header)

    def defect(self) -> str | None:
        """Why nobody may be let in; None where the server may be used."""
        if not (is_loopback(self.address) or self.login or self.header):
            return (
                f"It listens on {self.address or 'every address'}, where others reach it, and nobody has to sign in. "
                "Start it with --server.address 127.0.0.1, or set up a login: [auth] in .streamlit/secrets.toml, or "
                f"a proxy that names its user in the header that {visitor.HEADER} names."
            )
        if self.login and len(self.secret) < SHORTEST:
            return (
                f"The cookie_secret of [auth] has {len(self.secret)} letters, so a cookie could be forged that signs "
                f"anybody in. Take at least {SHORTEST}: python -c 'import secrets; print(secrets.token_hex())'"
            )
        if not self.xsrf or not self.cors:
            name = "enableCORS" if self.xsrf else "enableXsrfProtection"
            return f"server.{name} is off, so any website could use it in your name. Leave it on."
        if not self.hosts or any(host.strip() in ANY for host in self.hosts):
            return (
                "server.allowedHosts lets every host name pass, so a website whose name is pointed at this address "
                "could use it. Name the hosts by which people reach it."
            )
        return None


def is_loopback(address: str | None) -> bool:
    """Whether an address is reached from this computer alone."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address((address or "").strip("[]")).is_loopback
    except ValueError:
        return False  # unset, a socket's file or a name: others may reach it


def admit(root: Path, hide_pages: Callable[[], object]) -> None:
    """Let this browser session pass, or draw why not and end the run of the page.

    Where nobody names them Streamlit lists the files of pages/, so whoever is not let in would see what there is.
    """
    server = listening(os.environ)
    reason = server.defect()
    if reason:
        hide_pages()
        refuse("Winnow does not run like this", reason)
    if not server.alone():
        confine(root)
    if server.login and visitor.signed_in() is None:
        hide_pages()
        sign_in()
    if server.header and visitor.by_proxy() is None:
        hide_pages()
        refuse("You are not signed in", "The request did not come through the proxy that says who you are.")


def listening(environment: Mapping[str, str]) -> Server:
    """The server this process is."""
    login = "is_logged_in" in st.user.to_dict()  # Streamlit says so where [auth] is set
    return Server(
        address=st.get_option("server.address"),
        login=login,
        header=environment.get(visitor.HEADER, ""),
        xsrf=bool(st.get_option("server.enableXsrfProtection")),
        cors=bool(st.get_option("server.enableCORS")),
        hosts=tuple(st.get_option("server.allowedHosts") or ()),
        secret=str(st.secrets["auth"].get("cookie_secret", "")) if login else "",
    )


def refuse(title: str, reason: str) -> NoReturn:
    """Draw a refusal and nothing else, and say so in the log."""
    LOG.error("%s: %s", title, reason)
    st.title(title, anchor=False)
    st.error(reason, icon=":material/lock:")
    st.stop()


def sign_in() -> NoReturn:
    """Draw the way to the login and nothing else, a button for each provider."""
    if importlib.util.find_spec("authlib") is None:
        refuse("Nobody can sign in", "Streamlit's login needs a package more: pip install -r requirements.txt.")
    st.title("Winnow", anchor=False)
    st.write("Sign in to use this workspace.")
    named = [name for name, values in st.secrets["auth"].items() if isinstance(values, Mapping) and KEY in values]
    for provider in named or [None]:
        words = f"Sign in with {provider}" if provider else "Sign in"
        st.button(words, type="primary", icon=":material/login:", on_click=st.login, args=(provider,))
    st.stop()
