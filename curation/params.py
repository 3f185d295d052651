"""Field types of specs: one alias per kind of parameter, read by the form, the flags and the reference page alike."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
ScoreName = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "score"})]
ModelName = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "model"})]
TokenizerName = Annotated[str, Field(json_schema_extra={"widget": "tokenizer"})]
EncoderName = Annotated[str, Field(json_schema_extra={"widget": "encoder"})]
BenchmarkName = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "benchmark"})]
GroupName = Annotated[str, Field(min_length=1, json_schema_extra={"widget": "group"})]
Seed = Annotated[int, Field(ge=0)]
Prompt = Annotated[str, Field(json_schema_extra={"widget": "text_area"})]
# fields, apart by spaces, that count only where other fields have one of these values, apart by spaces too
When = Mapping[str, Mapping[str, str]]
