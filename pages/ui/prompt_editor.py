"""The prompt of a step: chosen among files, edited, told apart by its hash, and shown as a model would read it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from curation.errors import UserError
from curation.models import Message, Request
from curation.operator import Failure, Operator, guarded
from curation.prompting import prompts
from curation.spec import Spec, build
from curation.trace import Trace
from pages.ui.fields import Field
from pages.ui.reading.maths import inline, unlinked, visible

ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}
HEIGHT = 260  # pixels


class Around(NamedTuple):
    """What a prompt is edited beside: the workspace's own prompts, and a trace to render it for."""

    root: Path | None = None
    sample: Callable[[], Trace | None] = lambda: None


def show(
    spec: type[Spec], items: Sequence[Field], values: Mapping[str, Any], around: Around, key: str
) -> dict[str, str]:
    """The prompts of a step, further ones folded away, and what the model reads of the first."""
    texts: dict[str, str] = {}
    for item in items:
        folded = st.expander(item.label, key=f"{key}-{item.name}-folded") if texts else st.container(gap="small")
        with folded:
            texts[item.name] = draw(item, values, spec, around, f"{key}-{item.name}")
    rendered(spec, {**values, **texts}, around, key)
    return texts


def draw(item: Field, values: Mapping[str, Any], spec: type[Spec], around: Around, key: str) -> str:
    """The files to start from, the text, its version, and what its slots are."""
    known, text_key, file_key = prompts.texts(spec.title(), around.root), f"{key}-text", f"{key}-file"
    value = st.session_state.get(text_key, values.get(item.name, item.default)) or ""
    followed = settled(spec, values, item.name, value)
    if followed != st.session_state.setdefault(text_key, value):  # other fields choose among the shipped ones
        st.session_state[text_key], value = followed, followed
        st.session_state.pop(file_key, None)
        st.caption("A shipped prompt goes with the other fields; to use another one here, change its text.")
    named = next((name for name, text in known.items() if text == value), None)
    if st.session_state.setdefault(file_key, named) not in known:
        st.session_state[file_key] = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            item.label, list(known), None, key=file_key, help=item.help, placeholder="A text of its own",
            on_change=partial(_open, known, file_key, text_key),
        )  # fmt: skip
        if around.root:
            _save_as(around.root, spec.title(), key)
    text = st.text_area("Prompt text", key=text_key, height=HEIGHT, label_visibility="collapsed")
    st.caption(inline(state(text, name, known)))
    if issubclass(spec, Operator):
        _slots(text, spec.slots)
    return text


def settled(spec: type[Spec], values: Mapping[str, Any], name: str, text: str) -> str:
    """The text the step itself would use: an untouched shipped one may follow the step's other fields."""
    try:
        step = build(spec, {**_given(values), name: text})
    except UserError:  # the form says what is wrong
        return text
    return str(step.parameters()[name])


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _open(known: Mapping[str, str], file_key: str, text_key: str) -> None:
    """Put a file's text in the place of the one that is edited."""
    st.session_state[text_key] = known[st.session_state[file_key]]


def state(text: str, name: str | None, known: Mapping[str, str]) -> str:
    """The version of a text, and whether it is still that of the file it started from."""
    version = f"Version {prompts.version(text)}"
    same = next((other for other, content in known.items() if content == text), None)
    if same:
        return f"{version}, unchanged from {same}"
    if name in known:
        return f"{version}, changed from {name} ({prompts.version(known[name])})"
    return f"{version}, a text of its own"


def _save_as(root: Path, operator: str, key: str) -> None:
    with st.popover("Save as", icon=":material/save:", help="Keeps the text as a prompt of this workspace"):
        name = st.text_input("Name of the prompt", key=f"{key}-name")
        st.button("Save prompt", key=f"{key}-save", disabled=not name, on_click=_save, args=(root, operator, key))
        if problem := st.session_state.pop(f"{key}-refused", None):
            st.error(unlinked(problem), icon=":material/error:")


def _save(root: Path, operator: str, key: str) -> None:
    name = st.session_state[f"{key}-name"]
    try:
        prompts.save(root, operator, name, st.session_state[f"{key}-text"])
    except UserError as error:
        st.session_state[f"{key}-refused"] = str(error)
        return
    st.session_state[f"{key}-file"] = name


def _slots(text: str, allowed: tuple[str, ...]) -> None:
    """The slots that are filled, those that could be, and what only looks like one."""
    found = prompts.slots_in(text)
    used, free = [name for name in found if name in allowed], [name for name in allowed if name not in found]
    words = [f"Filled: {_braced(used)}" if used else "No slot is filled"]
    words += [f"also there: {_braced(free)}"] if free else []
    st.caption(inline("; ".join(words)))
    unfilled = [name for name in found if name not in allowed]
    if unfilled:
        st.warning(inline(f"Sent as written, not filled: {_braced(unfilled)}"), icon=":material/data_object:")


def _braced(names: list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def rendered(spec: type[Spec], values: Mapping[str, Any], around: Around, key: str) -> None:
    """What a model reads for one trace, message by message, exactly."""
    with st.expander("What the model reads for one trace", icon=":material/visibility:", key=f"{key}-reads"):
        trace = around.sample()
        if trace is None or not issubclass(spec, Operator):
            st.caption("No trace fits the filter, so there is nothing to fill the prompt with.")
            return
        try:
            step = build(spec, _given(values))
        except UserError as error:
            st.caption(inline(str(error)))
            return
        request = guarded(step.request, trace)
        if isinstance(request, Failure):
            st.caption(inline(f"No prompt can be made of trace {trace.id[:8]}: {request.reason}"))
            return
        _show(request, trace)


def _show(request: Request, trace: Trace) -> None:
    st.caption(
        f"Trace {trace.id[:8]}; at most {request.max_new_tokens:,} new tokens, temperature {request.temperature:g}"
    )
    for role, content in messages(request):
        st.caption(role)
        st.code(visible(content), language=None, wrap_lines=True)


def messages(request: Request) -> list[tuple[str, str]]:
    """The texts of a request, each with who says it; last what the answer has to begin with."""
    said: tuple[Message, ...] = request.prompt if isinstance(request.prompt, tuple) else ()
    plain = [("Prompt", request.prompt)] if isinstance(request.prompt, str) else []
    begun = [("The answer begins with", request.prefix)] if request.prefix else []
    return [*plain, *((ROLES.get(one["role"], one["role"]), one["content"]) for one in said), *begun]
