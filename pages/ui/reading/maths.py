r"""Untrusted text made safe to show: literal in every respect except its mathematics.

Streamlit's Markdown renders `$...$` only. A trace writes `\(...\)`, `\[...\]`, `\boxed{}` and prices in dollars, and
may hold HTML, Markdown, emoji codes or marks that turn the reading direction. `to_markdown` keeps the formulas and
turns every other sign into an entity, so that nothing else is ever interpreted:

    to_markdown(r"\(x<2\) costs $5 <i>")  ->  "<span>$x\lt 2$</span> costs &#36;5 &#60;<wbr>i&#62;"
"""

import re
from collections.abc import Iterator

MATHS = re.compile(
    r"\$\$(?P<block>.{1,4000}?)\$\$"
    r"|\\\[(?P<square>.{1,4000}?)\\\]"
    r"|\\\((?P<round>.{1,2000}?)\\\)"
    r"|(?P<environment>\\begin\{(?P<name>align|aligned|equation|gather|cases|pmatrix|bmatrix|array)\*?\}.{1,4000}?"
    r"\\end\{(?P=name)\*?\})"
    r"|(?<![\\\w$])\$(?P<dollar>[^\s$](?:[^$\n]{0,1000}?[^\s$\\])?)\$(?![\d$])"
    r"|(?P<boxed>\\boxed\{(?:[^{}]|\{[^{}]*\}){0,500}\})",
    re.DOTALL,
)
FENCE = re.compile(r"```[^\n`]*\n(?P<code>.*?)(?:\n```|\Z)|(?<!`)`(?P<word>[^`\n]{1,200})`(?!`)", re.DOTALL)
BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,300}?)(?<=\S)\*\*")
SIGN = re.compile(r"[^\w\s,.;]|_", re.ASCII)
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
SURROGATE = re.compile("[\ud800-\udfff]")
LINES = re.compile(r"\s*\n\s*")
ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+)\*?\}")
INLINE = {"align": "aligned", "equation": "aligned", "gather": "gathered"}  # KaTeX has the left ones in blocks only
DOLLAR = r"\text{\textdollar}"
WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
# Streamlit replaces these in text after entities are resolved; a break opportunity between the signs prevents it
AROUND = re.compile(r"(?:<br>)*(<(?P<tag>span|code) class=.w-(?:formula|code).>.*?</(?P=tag)>)(?:<br>)*")
COMBINED = re.compile(r"&#(?:45|60|61|62|126|58);(?=&#|\w)|www(?=\.)|(?=&#64;)")


def visible(text: str) -> str:
    """The text with marks nobody can see (direction, control, broken code points) written out."""
    text = SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Parts of a text in order: (True, a formula ready for Markdown) or (False, plain text)."""
    position = 0
    for found in MATHS.finditer(text):
        formula = _formula(found)
        if formula is None:
            continue
        if found.start() > position:
            yield False, text[position : found.start()]
        yield True, formula
        position = found.end()
    if position < len(text):
        yield False, text[position:]


def to_markdown(text: str) -> str:
    """One paragraph of Markdown that shows the text literally, with formulas, code and bold rendered."""
    text, position, out = visible(text), 0, []
    for found in FENCE.finditer(text):
        out.append(_prose(text[position : found.start()]))
        code, word = found["code"], found["word"]
        out.append(f"<code>{literal(word)}</code>" if word else f'<code class="w-code">{literal(code or "")}</code>')
        position = found.end()
    return AROUND.sub(r"\1", "".join([*out, _prose(text[position:])]))


def literal(text: str) -> str:
    """Text whose every sign is an entity and every line break a tag: nothing in it can be interpreted."""
    escaped = SIGN.sub(lambda found: f"&#{ord(found[0])};", text)
    return COMBINED.sub(r"\g<0><wbr>", escaped).replace("\n", "<br>").replace("  ", "&#32;&#32;")


def _prose(text: str) -> str:
    return "".join(part if is_maths else _bold(part) for is_maths, part in pieces(text))


def _bold(text: str) -> str:
    parts = BOLD.split(text)
    return "".join(f"<strong>{literal(part)}</strong>" if i % 2 else literal(part) for i, part in enumerate(parts))


def _formula(found: re.Match[str]) -> str | None:
    """A match as a Markdown formula, or None when it is money or cannot be one."""
    block = found["block"] or found["square"] or found["environment"]
    body = (block or found["round"] or found["dollar"] or found["boxed"] or "").replace("\\$", DOLLAR).strip()
    if not body or "$" in body or (found["dollar"] and _money(body)):
        return None
    body = ENVIRONMENT.sub(lambda tag: INLINE.get(tag[2], tag[2]).join((f"\\{tag[1]}{{", "}")), LINES.sub(" ", body))
    body = body.replace("<", "\\lt ").replace(">", "\\gt ").replace("](", "] (")
    # a span around the dollars: Markdown refuses a formula that touches a digit
    return f'<span class="w-formula">$\\displaystyle {body}$</span>' if block else f"<span>${body}$</span>"


def _money(body: str) -> bool:
    """True for `5 a piece and 3 cost` between two prices."""
    return body[0].isdigit() and "\\" not in body and "=" not in body and len(WORDS.findall(body)) >= 2


def unlinked(text: str) -> str:
    """A message with untrusted parts: no link, image or formula comes of them; other marks cannot do harm."""
    return re.sub(r"([\\\[\]$])", r"\\\1", visible(text))


def inline(text: str) -> str:
    """Untrusted text for a label or caption that Streamlit reads as Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+.!$:<>|~=-])", r"\\\1", visible(text).replace("\n", " "))
