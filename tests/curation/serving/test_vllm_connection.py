"""How vLLM is started for a connection, and which server answers for it."""

import json
import os
import sys
from importlib.util import find_spec

import pytest

from curation.connection import BASE_FOLDER, CONNECTIONS, Place, find, write
from curation.errors import UserError
from curation.life import started
from curation.runs import Run, Status, create, replace_text
from curation.serving import serve_request

needs_vllm = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")


def vllm(**values):
    return CONNECTIONS.parse({"backend": "vllm", "model": "base", **values})


def flags(command: list[str]) -> dict[str, str]:
    return {flag: value for flag, value in zip(command, [*command[1:], ""], strict=True) if flag.startswith("--")}


@needs_vllm
def test_the_server_is_python_on_loopback_with_what_the_connection_says(tmp_path):
    made = vllm(dtype="float32", max_model_len=512, reasoning_parser="qwen3")
    program = made.program("demo", 8123, Place(tmp_path))
    assert program.command[:3] == [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    expected = {
        "--model": str(BASE_FOLDER), "--host": "127.0.0.1", "--port": "8123", "--dtype": "float32",
        "--served-model-name": "demo", "--max-model-len": "512", "--reasoning-parser": "qwen3",
        "--generation-config": "vllm",
    }  # fmt: skip
    assert expected.items() <= flags(program.command).items()
    offline = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    assert offline.items() <= program.environment.items()
    assert "HF_HUB_OFFLINE" not in vllm(model="owner/name").program("demo", 8123, Place(tmp_path)).environment


@needs_vllm
def test_an_adapter_answers_under_the_name(tmp_path):
    made = vllm(adapter=str(tmp_path))
    with pytest.raises(UserError, match=r"no LoRA adapter in .*: adapter_config\.json is missing"):
        made.program("demo", 8123, Place(tmp_path))
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 20}))
    found = flags(made.program("demo", 8123, Place(tmp_path)).command)
    assert (found["--served-model-name"], found["--lora-modules"]) == ("demo-base", f"demo={tmp_path}")
    assert found["--max-lora-rank"] == "32"


def test_answers_are_told_apart_by_what_changes_them_alone(tmp_path):
    place = Place(tmp_path)
    same = vllm(dtype="float32", max_model_len=512, kv_cache_gib=2)
    assert same.identity(place) == vllm(dtype="float32").identity(place) == f"vllm {BASE_FOLDER} float32"
    others = [vllm(dtype="bfloat16"), vllm(dtype="float32", adapter="a"), vllm(dtype="float32", reasoning_parser="b")]
    assert len({same.identity(place), *(one.identity(place) for one in others)}) == 4


def starting(root) -> Run:
    """A serve run that works in this process."""
    run = create(root / "runs", serve_request("demo", vllm(dtype="float32")))
    status = Status(state="running", pid=os.getpid(), pid_started=started(os.getpid()))
    replace_text(run.folder / "status.json", status.model_dump_json())
    return run


def ready(run: Run, identity: str) -> None:
    server = {"name": "demo", "url": "http://127.0.0.1:1/v1", "model": "demo", "pid": 1, "identity": identity}
    (run.out / "server.json").write_text(json.dumps({**server, "run": run.id}))


def test_the_running_server_of_the_name_is_asked(tmp_path):
    made, place = vllm(dtype="float32", prompt_price=1.0, concurrency=3), Place(tmp_path)
    write(tmp_path, {"demo": made})
    with pytest.raises(UserError, match=r"No server 'demo' runs; start it with `python -m curation serve demo`"):
        find("demo", tmp_path).open("demo", place)
    run = starting(tmp_path)
    with pytest.raises(UserError, match=f"The server 'demo' is still starting \\(run {run.id}\\)"):
        made.open("demo", place)
    ready(run, "vllm /elsewhere float32")
    with pytest.raises(UserError, match=r"other settings \(vllm /elsewhere float32\) than models.yaml has now"):
        made.open("demo", place)
    ready(run, made.identity(place))
    opened = made.open("demo", place)
    assert opened.model.concurrency == 3
    with pytest.raises(UserError, match="http://127.0.0.1:1/v1"):
        opened.model.models()
    assert (opened.identity, opened.price) == (f"vllm {BASE_FOLDER} float32", (1.0, None))
