"""Programs that stand in a text, in code fences."""

import re

FENCE = re.compile(
    r"^[ \t]*```(?:python|py)3?[ \t]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)


def last_program(*texts: str) -> str | None:
    """The last Python block of the first text that has one."""
    for text in texts:
        blocks = FENCE.findall(text)
        if blocks:
            return str(blocks[-1])
    return None
