"""Keys that no button can have: `/` moves into the search box, `?` lists the keys, Escape leaves a box.

Letters are shortcuts of buttons. Streamlit takes letters and digits only, and cannot move the cursor; a component
without anything to see does both. It never looks at what is typed in a box.
"""

from collections.abc import Mapping

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
let entered = "", opened = "";
export default function ({ data, setTriggerValue }) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
    } else if (event.key === "/" && data.search) {
      event.preventDefault();
      enter(data.search, 1);
    } else if (event.key === "?") {
      event.preventDefault();
      setTriggerValue("asked", true);
    }
  };
  document.addEventListener("keydown", press);
  const app = document.querySelector('[data-testid="stApp"]');
  if (app) document.documentElement.style.setProperty("--w-back", getComputedStyle(app).backgroundColor);
  if (data.enter && data.enter !== entered) enter(data.enter, 40);
  entered = data.enter;
  if (opened && data.opened !== opened) rise(data.top);
  opened = data.opened;
  return () => document.removeEventListener("keydown", press);
}
"""
_mount = st.components.v2.component("winnow_keys", js=JS)


def listen(names: Mapping[str, str], search: str = "", enter: str = "", opened: str = "") -> None:
    """Listen for `/` and `?` on this page.

    The cursor goes into the box `enter` when that is a new one; another trace `opened` starts at its question.
    """
    data = {"search": search, "enter": enter, "opened": opened, "top": TOP}
    with st.container(key="w-keys"):
        result = _mount(key="keys", data=data, on_asked_change=_nothing)
    if result.asked:
        _list(names)


@st.dialog("Keys", width="small")
def _list(names: Mapping[str, str]) -> None:
    st.html("".join(f'<div class="w-key"><kbd>{key}</kbd><span>{what}</span></div>' for key, what in names.items()))


def _nothing() -> None:
    """A trigger is only sent where somebody listens."""
