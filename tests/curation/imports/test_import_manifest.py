"""Every file of the shared data imports, and every one of its rows is found again."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.imports.mapping import parse_mapping
from curation.imports.run import import_files

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data folder {DATA} is absent")

# Free column names, named by hand as a user would.
MAPPINGS = {
    "audio_visual_qa/music_avqa_val_120.json": "question=question_content,reference=anser",
    "prmbench/prm_qwq_annotations.jsonl.gz": "question=custom.original_question,steps=custom.modified_process",
    "search_trees/tot_game24.json.gz": "question=steps.0.x,output=ys,correct=infos.r,form=tree",
}
QUARANTINED = {
    "agents/agentdistill_math.json.gz": 1,  # a question with an empty answer
    "misguided_attention/detailed_evaluations_QwQ-32b.json.gz": 3,  # no response in any of the three samples
    "pot/pot_gsm8k_few_shot.jsonl.gz": 1,  # the first row is the prompt
    "pot/pot_aqua_few_shot.jsonl.gz": 1,
    "pot/pot_svamp_self_consistency.jsonl.gz": 1,
}
NO_QUESTION = {
    "grpo_checkpoints/first_change.jsonl": "a question with the step of its first change, no reasoning or answer",
    "multimodal_mathv/gpt4_cot_text_only.jsonl.gz": "responses by problem number, the questions are in testmini",
    "multimodal_mathv/qwen_vl_max_cot.jsonl": "responses by problem number, the questions are in testmini",
    "pretrain_bilingual/c4_demo.jsonl.gz": "web text",
    "pretrain_bilingual/demo-dataset-deduplication.jsonl": "plain text",
    "pretrain_bilingual/demo-dataset.jsonl": "plain text",
    "sleep/Sleep_health_and_lifestyle_dataset.csv": "personal records",
    "speech_emotion/meld_test_200.csv": "utterances with emotions",
    "templates/template_library.json.gz": "thought templates",
    "thought_anchors/labelled_chunks_entropy.json.gz": "labelled chunks by problem number",
}
NO_ROWS = {
    ".jpg": "an image",
    ".mp3": "audio",
    ".wav": "audio",
    ".mp4": "video",
    ".txt": "logs, CoNLL, or columns without JSON or CSV",
    ".log": "a console log",
    ".conll": "CoNLL",
    ".tsv": "a table without header",
}


def entries() -> list[dict]:
    return json.loads((DATA / "MANIFEST.json").read_text()) if DATA.is_dir() else []


def name(entry: dict) -> str:
    return f"{entry['source']}/{entry['file']}"


def left_out(file: str) -> str | None:
    if file.startswith("student_evals/metrics/"):
        return "aggregate metrics"
    return NO_QUESTION.get(file) or NO_ROWS.get(Path(file.removesuffix(".gz")).suffix)


IMPORTED = [entry for entry in entries() if entry["source"] != "dirty" and not left_out(name(entry))]
DIRTY = [entry for entry in entries() if entry["source"] == "dirty"]


def rows_found(out: Path) -> dict[str, set]:
    """Lines by what became of them: a row whose traces were all seen before is a duplicate."""
    seen, found = set(), {"imported": set(), "duplicates": set(), "quarantined": set()}
    for path in [*sorted(out.glob("part-*.parquet")), *sorted(out.glob("problems-*.parquet"))]:
        for row in pq.read_table(path, columns=["id", "line"]).to_pylist():
            found["duplicates" if row["id"] in seen else "imported"].add(row["line"])
            seen.add(row["id"])
    for path in out.glob("quarantine-*.parquet"):
        found["quarantined"] |= {row["line"] for row in pq.read_table(path).to_pylist()}
    found["duplicates"] -= found["imported"]
    found["quarantined"] -= found["imported"] | found["duplicates"]
    return found


@pytest.mark.parametrize("entry", IMPORTED, ids=name)
def test_every_row_of_a_manifest_file_is_imported_or_quarantined(entry, tmp_path):
    file = name(entry)
    mapping = parse_mapping(MAPPINGS[file]) if file in MAPPINGS else None
    report = import_files([DATA / file], tmp_path, mapping)
    found = rows_found(tmp_path)
    assert sum(map(len, found.values())) == entry["rows"] == report.files[0].rows
    assert len(found["quarantined"]) == QUARANTINED.get(file, 0)


@pytest.mark.parametrize("entry", DIRTY, ids=name)
def test_every_dirty_file_is_imported_or_quarantined_with_line_and_reason(entry, tmp_path):
    report = import_files([DATA / name(entry)], tmp_path)
    quarantine = [row for path in tmp_path.glob("quarantine-*") for row in pq.read_table(path).to_pylist()]
    assert report.traces + report.problems + len(quarantine) > 0
    assert all(row["file"] == entry["file"] and row["line"] >= 1 and row["reason"] for row in quarantine)


def test_every_file_left_out_says_why():
    unsupported = [name(entry) for entry in entries() if not entry["rows"] and entry["source"] != "dirty"]
    assert [file for file in unsupported if not left_out(file)] == []
    assert set(NO_QUESTION) <= {name(entry) for entry in entries()}


def test_gsm8k_model_solutions_become_four_traces_a_problem(tmp_path):
    report = import_files([DATA / "gsm8k_full/example_model_solutions.jsonl.gz"], tmp_path)
    rows = [row for path in sorted(tmp_path.glob("part-*")) for row in pq.read_table(path).to_pylist()]
    assert (report.traces, len(rows), report.quarantined_rows) == (5276, 5276, 0)
    first = [(row["model"], row["given_correct"], row["reference"], row["line"]) for row in rows[:4]]
    assert first == [
        ("6b_finetuning", False, "18", 1),
        ("6b_verification", False, "18", 1),
        ("175b_finetuning", False, "18", 1),
        ("175b_verification", True, "18", 1),
    ]
