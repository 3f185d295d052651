"""Keys of a page: what each press says is done once, for the trace that was shown when it was pressed.

Streamlit's shortcuts lose presses: a second one before the page is drawn counts with the first, one beside a key that
is still held matches nothing, and one sent along with the report of a fragment that is gone is dropped. A component
without anything to see therefore takes the letters before they do, numbers them and keeps them until the page says
which it has followed. It also knows `/` (into the search box), `?` (lists the keys) and Escape (leaves a box), which
shortcuts cannot be, and never looks at what is typed in a box.
"""

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import quote

import streamlit as st

SEARCH = 'input[aria-label="Search"]'
TOP = ".st-key-reader-question"
JS = """
const boxes = ["TEXTAREA", "SELECT"];
const buttons = ["checkbox", "radio", "range", "button", "submit"];
const typing = (e) => e.isContentEditable || boxes.includes(e.tagName)
  || (e.tagName === "INPUT" && !buttons.includes(e.type));
const enter = (selector, tries) => {
  const box = document.querySelector(selector);
  if (box) { box.focus(); box.select?.(); } else if (tries) setTimeout(enter, 50, selector, tries - 1);
};
const rise = (selector) => {
  const main = document.querySelector('[data-testid="stMain"]');
  const head = document.querySelector(selector);
  if (main && head) main.scrollTop += Math.min(0, head.getBoundingClientRect().top - 12);
};
const shown = () => {
  const all = [...document.querySelectorAll('[class*="w-shown-"]')];
  const fresh = all.filter((one) => !one.closest('[data-stale="true"]'));
  const name = (fresh.at(-1) ?? all.at(-1))?.className.match(/w-shown-(\\S+)/)[1];
  return name && decodeURIComponent(name);
};
let live = null, waiting = [], count = 0, timer = 0;
const here = () => live && document.querySelector(".st-key-w-keys");
const send = () => live.setTriggerValue("pressed", { session: live.data.session, presses: waiting });
const drawn = () => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "notRunning";
// a message may be lost on its way: what was not followed when the page is at rest is told again
const remind = () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (waiting.length && here() && drawn()) send();
    if (waiting.length) remind();
  }, 1000);
};
const plain = (event) => !(event.ctrlKey || event.metaKey || event.altKey);
// before Streamlit's own shortcuts, and also while the component itself is mounted anew
document.addEventListener("keydown", (event) => {
  const key = String.fromCharCode(event.keyCode).toLowerCase();  // of the layout, as shortcuts read it
  const trace = shown();
  if (!here() || !trace || !plain(event) || event.shiftKey || typing(event.target)) return;
  if (!live.data.letters.includes(key)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.repeat && waiting.length) return;
  waiting.push({ number: ++count, key, trace, seen: live.data.done });
  send();
  remind();
}, true);
document.addEventListener("keydown", (event) => {
  if (!here() || !plain(event)) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
  } else if (event.key === "/" && live.data.search) {
    event.preventDefault();
    enter(live.data.search, 1);
  } else if (event.key === "?") {
    event.preventDefault();
    live.setTriggerValue("asked", true);
  }
});
let entered = "", opened = "";
export default function ({ data, setTriggerValue }) {
  if (live && live.data.session !== data.session) {
    count = 0;  // the server was started anew and knows no number
    waiting = waiting.map((one) => ({ ...one, number: ++count, seen: 0 }));
  }
  live = { data, setTriggerValue };
  waiting = waiting.filter((one) => one.number > data.done);
  const app = document.querySelector('[data-testid="stApp"]');
  if (app) document.documentElement.style.setProperty("--w-back", getComputedStyle(app).backgroundColor);
  if (data.enter && data.enter !== entered) enter(data.enter, 40);
  entered = data.enter;
  if (opened && data.opened !== opened) rise(data.top);
  opened = data.opened;
}
"""
_mount = st.components.v2.component("winnow_keys", js=JS)
DONE, LED = "keys-done", "keys-led"
Follow = Callable[[str, str, str], str]


class Press(NamedTuple):
    """A key, the trace that was shown, and the number of the last press whose outcome was seen by then."""

    number: int
    key: str
    trace: str
    seen: int


def style_of(trace_id: str) -> str:
    """The class by which a question says that its trace is the one shown."""
    return f"w-question w-shown-{quote(trace_id, safe='')}"


def listen(
    names: Mapping[str, str], follow: Follow, letters: str, search: str = "", enter: str = "", opened: str = ""
) -> None:
    """Listen for the letters, `/` and `?` on this page.

    `follow` does what a key says of the trace that was shown, given also the trace that the presses before it led to,
    and tells which one is open then. The cursor goes into the box `enter` when that is a new one; another trace
    `opened` starts at its question.
    """
    data = {"search": search, "enter": enter, "opened": opened, "top": TOP, "letters": letters,
            "session": _session(), "done": st.session_state.get(DONE, 0)}  # fmt: skip
    with st.container(key="w-keys"):
        result = _mount(key="keys", data=data, on_asked_change=_nothing, on_pressed_change=partial(_heard, follow))
    if result.asked:
        _list(names)


def _session() -> str:
    """A name that numbers of presses belong to: the browser's count outlives a start of the server."""
    return str(st.session_state.setdefault("keys-session", secrets.token_hex(4)))


def _heard(follow: Follow) -> None:
    """Follow what was not followed yet; the browser tells everything that it has not seen done."""
    told: Any = st.session_state["keys"].pressed
    if not told or told["session"] != _session():
        return
    with st.session_state.setdefault("keys-lock", Lock()):  # two runs of a page may hear at once
        for press in (Press(**one) for one in told["presses"]):
            if press.number > st.session_state.get(DONE, 0):
                st.session_state[DONE] = press.number
                number, led = st.session_state.get(LED, (0, ""))
                opened = follow(press.key, press.trace, led if press.seen < number else press.trace)
                st.session_state[LED] = (press.number, opened)


@st.dialog("Keys", width="small")
def _list(names: Mapping[str, str]) -> None:
    st.html("".join(f'<div class="w-key"><kbd>{key}</kbd><span>{what}</span></div>' for key, what in names.items()))


def _nothing() -> None:
    """A trigger is only sent where somebody listens."""
