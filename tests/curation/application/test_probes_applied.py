"""Probes through the engine and into the store: surprise that is kept, segments that are marked anew."""

import pytest

from curation.application.needs import with_needs
from curation.application.sources import Parts
from curation.engine import apply
from curation.models import TokenScore
from curation.operators.ablate import Ablate
from curation.operators.cut import Cut
from curation.operators.drop_segments import DropSegments
from curation.operators.score_lm import ScoreLm
from curation.operators.segment import SegmentReasoning
from curation.table import to_table, write_part
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

TEXT = "He has 4 and 5.\n\nHmm, apples are nice.\n\n4 + 5 = 9.\n\nLet me check: 9 - 5 = 4.\n\nSo the answer is 9."
TRACES = [Trace(Problem("How many?", "9"), TEXT, "9"), Trace(Problem("How few?", "9"), TEXT, "9")]


@pytest.fixture
def source(tmp_path):
    write_part(to_table(TRACES), tmp_path / "in" / "part-00000.parquet")
    return Parts([tmp_path / "in" / "part-00000.parquet"])


def student(request):
    return "\\boxed{9}" if "4 + 5 = 9" in request.prompt[-1]["content"] else "8"


def reasonings(result):
    return [trace.reasoning for batch in result.traces() for trace in batch]


def test_what_ablation_marks_the_next_step_drops(source, tmp_path):
    steps = [SegmentReasoning(), Ablate(model="student"), DropSegments(kinds=["filler"])]
    with apply(steps, source, tmp_path / "out", asker=asker_of(student)) as result:
        assert [report.rows for report in result.reports] == [2, 2, 2]
        assert set(reasonings(result)) == {"He has 4 and 5.\n\n4 + 5 = 9.\n\nSo the answer is 9."}


def test_dropped_traces_and_shortened_ones_are_in_the_report(source, tmp_path):
    def one_knows(request):
        asked = request.prompt[-1]["content"]
        return "9" if "How many?" in asked and "4 + 5 = 9" in asked else "8"

    steps = [SegmentReasoning(), Cut(policy="min_valid_prefix", model="student")]
    with apply(steps, source, tmp_path / "out", asker=asker_of(one_knows)) as result:
        assert result.reports[1].reasons == {"no prefix was found valid": 1}
        assert reasonings(result) == ["He has 4 and 5.\n\nHmm, apples are nice.\n\n4 + 5 = 9.\n\n"]


def test_surprise_is_kept_by_the_score_it_came_with(store_of, source, tmp_path):
    store, step = store_of(TRACES), ScoreLm(model="student", name="tutor")
    with apply([step], source, tmp_path / "apply", asker=asker_of(lambda request: "9. has")):
        pass
    store.take_annotation("", step, sorted((tmp_path / "apply" / step.key()).glob("part-*.parquet")))
    assert store.surprised(TRACES[0].id) == {"tutor_ppl": step}
    assert store.surprised("nobody") == {}
    found = store.surprise(TRACES[0].id, step)
    assert found[:3] == [TokenScore(2, -10.0), TokenScore(6, -1.0), TokenScore(8, -10.0)]
    assert "surprise" not in store.columns()


def test_ablation_measured_again_rests_on_a_segmentation_not_on_itself():
    step, segment = Ablate(model="student"), SegmentReasoning()
    assert with_needs([step], [segment, step]) == [segment, step]
    assert with_needs([step], [step]) == [SegmentReasoning(), step]
