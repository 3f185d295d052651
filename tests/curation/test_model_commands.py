import json

import pytest

from curation.__main__ import run
from tests.faults import FaultServer


@pytest.fixture
def workspace(tmp_path):
    return tmp_path / "w"


def connect(workspace, server, **more):
    workspace.mkdir(exist_ok=True)
    values = {"backend": "server", "url": server.url, "model": "teacher", **more}
    (workspace / "models.yaml").write_text(json.dumps({"big": values}))


def test_models_are_listed(workspace, capsys):
    with FaultServer() as server:
        connect(workspace, server, prompt_price=1)
        assert run(["models", "--workspace", str(workspace)]) == 0
        assert capsys.readouterr().out.splitlines() == [
            f"big: backend server, url {server.url}, model teacher, prompt_price 1.0",
            "base: backend transformers, model base",
        ]


def test_a_model_is_asked_once_and_its_cost_is_told(workspace, capsys):
    with FaultServer(extra=lambda body: {}) as server:
        connect(workspace, server, prompt_price=1, generated_price=2)
        assert run(["ask", "big", "1 + 1?", "--workspace", str(workspace)]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "re: 1 + 1?", "(3 prompt tokens, 4 generated, ended by stop, cost 0.000011)",
        ]  # fmt: skip
        connect(workspace, server)
        assert run(["ask", "big", "1 + 1?", "--workspace", str(workspace), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {
            "text": "re: 1 + 1?", "reasoning": "", "finish_reason": "stop", "prompt_tokens": 3,
            "generated_tokens": 4, "cost": None,
        }  # fmt: skip
        assert len(server.asked) == 2


def test_why_there_is_no_answer_is_told(workspace, capsys):
    with FaultServer({"bad_request": 1.0}) as server:
        connect(workspace, server)
        assert run(["ask", "big", "a", "--workspace", str(workspace)]) == 2
    told = "big gave no answer (bad_request): HTTP 400: temperature must be below 2\n"
    assert capsys.readouterr().err == told
    assert run(["ask", "nobody", "a", "--workspace", str(workspace)]) == 2
    assert "Unknown model 'nobody'; known: base, big" in capsys.readouterr().err
