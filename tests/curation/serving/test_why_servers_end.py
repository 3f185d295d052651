"""The line of a server's log that tells why it ended: lines as vLLM 0.32 writes them."""

import pytest

from curation.serving import why

ENGINE = "(EngineCore pid=25577) ERROR 11-21 20:03:41 [core.py:1510] "
LAST = "(APIServer pid=25396) RuntimeError: Engine core initialization failed. See root cause above. Failed: {}"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            f"{ENGINE}Traceback (most recent call last):\n{ENGINE}    raise RuntimeError(\n{ENGINE}RuntimeError: "
            f"Worker failed with error 'less memory than 1000.0 GiB'\n{LAST}",
            "RuntimeError: Worker failed with error 'less memory than 1000.0 GiB' (exit code 1)",
        ),
        (
            "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, Invalid "
            "repository ID or local directory specified: 'x'.\n1. Provide a valid ID.\n [type=value_error, "
            "input_value=ArgsKwargs(())]\n    For further information visit https://errors.pydantic.dev/2.14",
            "Invalid repository ID or local directory specified: 'x'. (exit code 1)",
        ),
        (
            "  Value error, heads (4) must be divisible by size (3). [type=value_error, input_value=1, input_type=a]",
            "heads (4) must be divisible by size (3). (exit code 1)",
        ),
        (
            "api_server.py: error: argument --port: invalid int value: 'x'",
            "api_server.py: error: argument --port: invalid int value: 'x' (exit code 1)",
        ),
        (
            "OSError: [Errno 98] Address already in use\n",
            "OSError: [Errno 98] Address already in use (exit code 1)",
        ),
        ("loading\nKilled\n\n", "Killed (exit code 1)"),
        ("", "it said nothing (exit code 1)"),
        ("ValueError: " + "x" * 1000, "ValueError: " + "x" * 488 + " (exit code 1)"),
        (
            f"{ENGINE}RuntimeError: Worker failed with error 'x'\n(APIServer pid=1) ERROR 1-1 2:36 [async_llm.py:9] "
            "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above).",
            "RuntimeError: Worker failed with error 'x' (exit code 1)",
        ),
    ],
)
def test_a_server_ended_because(log, told):
    assert why(log, 1) == told


def test_an_exit_code_of_0_tells_nothing():
    assert why("RuntimeError: no room", 0) == "RuntimeError: no room"


def test_a_server_that_was_killed_is_told_so():
    told = "it was killed, often for want of memory; its last words: loading weights (exit code 137)"
    assert why("loading weights\n", 137) == told
