"""Run a program that nobody here wrote: a typed outcome within its limits, whatever the program does.

Monty, a Python interpreter without files, network or processes, runs the program in a process of its own, below a
child of ours with an empty environment, kernel limits and an alarm. So the interpreter's own limit comes first, then
the kill of its process, then that of its parent.
"""

import ast
import builtins
import contextlib
import os
import re
import signal
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

from curation.child import Child, ChildDied, confine, serve

Ending = Literal[
    "finished", "syntax error", "raised", "out of time", "out of memory", "too much output", "forbidden", "crashed"
]

GRACE = 1.0  # ours: seconds past the limit until the interpreter's process is killed
FEEDS = 2  # the program, and the expression that gives its result: each may take the whole time
MEMORY = 2 << 30  # ours: bytes of address space of the child, and of the interpreter below it
LONGEST = 1 << 20  # ours: characters of a program
CLOCK = datetime(2000, 1, 1)  # whenever it runs, a program sees the same time and the same chance
BUILTINS = frozenset(dir(builtins))
MISSING = re.compile(r"NameError: name '(\w+)' is not defined")
# what Monty refuses it tells from a program's own error by message alone; tests hold these for the pinned version
DENIED = re.compile(
    r"(?:ModuleNotFoundError: No module|ImportError: cannot import|PermissionError: Permission denied"
    r"|NotImplementedError: The monty|RuntimeError: '.*' is not supported in this|AttributeError: module '(?:os|sys)')"
)


class Limits(NamedTuple):
    """What a program may use; time and memory as in key-point distillation's executor, the rest ours."""

    seconds: float = 2.0
    memory_mb: int = 256
    recursion: int = 500
    output: int = 10_000  # characters printed


class Outcome(NamedTuple):
    """How a program ended, its value as text, what it printed, and why it did not finish."""

    ending: Ending
    value: str | None = None
    printed: str = ""
    reason: str | None = None


class Sandbox:
    """One child process that runs programs one after another, from any thread, and anew after a fork or a crash."""

    def __init__(self) -> None:
        """No process yet."""
        self._child = Child("curation.sandbox", "the sandbox did not start; is pydantic-monty installed?", {})

    def run(self, program: str, limits: Limits | None = None, result: str = "ans") -> Outcome:
        """Run a program; its value is the variable or function `result`, else its last expression, print or function.

        Imports of names that are never used are passed over. `printed` is cut at the limit.
        """
        limits = limits or Limits()
        if len(program) > LONGEST:
            return Outcome("forbidden", reason=f"the program is longer than {LONGEST:,} characters")
        try:
            found = self._child.ask([program, limits, result], FEEDS * (limits.seconds + GRACE) + GRACE)
        except ChildDied as death:
            return Outcome("out of time" if death.by_alarm else "crashed", reason=f"the sandbox was lost: {death}")
        return Outcome(*found)

    def close(self) -> None:
        """End the child process."""
        self._child.close()


SANDBOX = Sandbox()


class _OutputError(Exception):
    """Longer than a program may write."""


class _Printed:
    """What a program prints, up to the limit; past it the interpreter is killed, which else went on to its time."""

    def __init__(self, limit: int) -> None:
        self.limit, self.pid, self.text = limit, 0, ""

    def __call__(self, stream: str, text: str) -> None:
        room = self.limit - len(self.text)
        self.text += text[:room]
        if len(text) > room:
            if self.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
            self.pid = 0
            raise _OutputError

    def last_line(self) -> str | None:
        lines = self.text.strip().splitlines()
        return lines[-1].strip() if lines else None


def without_unused_imports(program: str, tree: ast.Module) -> str:
    """The program with `pass` for each line that only imports names it never uses, such as numpy out of habit."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    lines = program.split("\n")
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno == node.end_lineno:
            names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            line = lines[node.lineno - 1]
            alone = node.col_offset == 0 and node.end_col_offset == len(line.rstrip().encode())
            if alone and not names & used and "*" not in names:
                lines[node.lineno - 1] = "pass"
    return "\n".join(lines)


def named_result(tree: ast.Module, result: str) -> str | None:
    """The expression that gives the result: a variable the program sets, or a call of a function it defines."""
    if any(isinstance(node, ast.Name) and node.id == result for node in ast.walk(tree)):
        return result
    return next((f"{result}()" for node in _callable(tree) if node.name == result), None)


def _callable(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and not _required(node.args)]


def _required(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional > len(arguments.defaults) or None in arguments.kw_defaults


def main() -> None:
    """In the child: run programs from standard input until it ends."""
    import resource

    from pydantic_monty import Monty

    confine(MEMORY)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.chdir("/")
    with Monty(max_processes=1, feed_duration_limit_grace=GRACE, turn_duration_limit_grace=GRACE) as pool:
        serve(lambda asked: _run(pool, asked[0], Limits(*asked[1]), asked[2]))


def _run(pool: Any, program: str, limits: Limits, result: str) -> Outcome:  # noqa: ANN401
    try:
        tree = ast.parse(program)
        program = without_unused_imports(program, tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module([], [])  # the interpreter says what is wrong
    bounds = {
        "max_feed_duration_secs": limits.seconds,
        "max_memory": limits.memory_mb << 20,
        "max_recursion_depth": limits.recursion,
    }
    policy = {"sleep": "zero", "random_start": {"seed": 0}, "datetime": CLOCK}
    printed = _Printed(limits.output)
    try:
        with pool.checkout(limits=bounds, os_policy=policy) as session:
            printed.pid = session.worker_pid or 0
            value = _value(partial(session.feed_run, print_callback=printed), program, tree, result, printed)
            text = printed.last_line() if value is None else _text(value, limits.output)
    except Exception as error:  # whatever a program does is an outcome, never an error of ours
        return _outcome(error, printed)
    return Outcome("finished", text, printed.text)


def _value(feed: Callable[[str], Any], program: str, tree: ast.Module, result: str, printed: _Printed) -> Any:  # noqa: ANN401
    from pydantic_monty import MontyRuntimeError

    value, wanted = feed(program), named_result(tree, result)
    if wanted:
        try:
            return feed(wanted)
        except MontyRuntimeError as error:
            if error.display("type-msg") != f"NameError: name '{wanted}' is not defined":  # set on another path
                raise
    if value is None and not printed.text.strip():
        for function in _callable(tree)[-1:]:
            return feed(f"{function.name}()")
    return value


def _text(value: Any, longest: int) -> str:  # noqa: ANN401
    if isinstance(value, int) and value.bit_length() > 10_000:  # Python writes no more than 4,300 digits
        raise _OutputError(f"the answer is a whole number of {value.bit_length():,} bits")
    text = str(value)
    if len(text) > longest:
        raise _OutputError(f"the answer is {len(text):,} characters long")
    return text


def _outcome(error: Exception, printed: _Printed) -> Outcome:
    from pydantic_monty import MontyCrashedError, MontyRuntimeError, MontySyntaxError

    reason = str(error)
    if len(printed.text) == printed.limit and printed.pid == 0:
        return Outcome("too much output", None, printed.text, f"printed more than {printed.limit:,} characters")
    if isinstance(error, _OutputError):
        return Outcome("too much output", None, printed.text, reason)
    if isinstance(error, MontyCrashedError):
        return Outcome("out of time" if error.timed_out else "crashed", None, printed.text, reason)
    if isinstance(error, MontyRuntimeError | MontySyntaxError):
        frames = error.traceback()
        where = f"line {frames[-1].line}: " if frames else ""
        text = error.display("type-msg")
        return Outcome(_ending(error, text), None, printed.text, (where + text)[:500])
    return Outcome("crashed", None, printed.text, f"{type(error).__name__}: {reason}"[:500])


def _ending(error: Exception, text: str) -> Ending:
    from pydantic_monty import MontySyntaxError

    name = MISSING.match(text)
    if isinstance(error, MontySyntaxError):
        return "syntax error"
    if text.startswith("TimeoutError: feed time limit exceeded: "):
        return "out of time"
    if text.startswith("MemoryError: ") and "memory limit" in text:
        return "out of memory"
    if text.startswith("RuntimeError: result frame of"):
        return "too much output"
    return "forbidden" if DENIED.match(text) or (name and name.group(1) in BUILTINS) else "raised"


if __name__ == "__main__":
    main()
