"""What a recipe did, step by step: the numbers the funnel, the manifest and the command line show."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class StepReport(BaseModel):
    """Rows in and out of one step; `estimated` when scaled up from a sample, tokens None when not counted."""

    model_config = ConfigDict(frozen=True)
    step: int
    op: str
    kind: str
    spec: dict[str, Any]
    rows_in: int
    rows: int
    problems: int
    chars: int
    tokens: int | None
    changed: int = 0
    failed: int = 0
    reasons: dict[str, int] = {}
    estimated: bool = False
    seconds: float = 0.0
