r"""math-verify behind a process that the system kills at the time limit.

math-verify raises off the main thread and can hang on hostile expressions, so a child process compares one pair at a
time, `["\\frac12", "0.5"]`, and answers whether both are equal.
"""

from curation.child import Child, ChildDied, confine, serve

MEMORY = 2 << 30  # ours: bytes of address space; sympy alone needs about 300 MB


class MathWorker:
    """math-verify in a child process of its own."""

    def __init__(self) -> None:
        """No process yet."""
        self._child = Child(
            "curation.verifying.math_worker", "the answer checker did not start; is math-verify installed?"
        )

    def equal(self, found: str, reference: str, timeout: float) -> bool:
        """True when both are the same mathematical object; TimeoutError when that takes longer than the limit."""
        try:
            return bool(self._child.ask([found, reference], timeout))
        except ChildDied:
            raise TimeoutError(
                f"comparing {found[:80]!r} with {reference[:80]!r} did not end within {timeout:g} s"
            ) from None

    def close(self) -> None:
        """End the child process."""
        self._child.close()


def main() -> None:
    """Answer pairs from standard input until it ends."""
    from math_verify import parse, verify  # type: ignore[import-not-found,unused-ignore]

    def equal(pair: list[str]) -> bool:
        found, reference = pair
        try:
            gold, target = (parse(f"${text}$", parsing_timeout=None) for text in (reference, found))
            return bool(gold and target and verify(gold, target, timeout_seconds=None))
        except Exception:  # what it cannot read is not equal; memory and recursion errors included
            return False

    confine(MEMORY)
    serve(equal)


if __name__ == "__main__":
    main()
