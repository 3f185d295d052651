"""Rewriting to six levels of detail, with what a real teacher wrote at each: 700 SVAMP problems by ChatGPT."""

import re

import pytest

from curation.comparing.rising import rising
from curation.operators.rewrite import Rewrite
from curation.operators.rewrite_stats import RewriteStats
from curation.spec import build
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

LEVELS = ("1", "2", "3", "4", "5", "6")
COUNT = 80  # problems of the test


@pytest.fixture
def written(shared_rows):
    """The teacher's text by level and question."""
    files = {level: f"eit_cot_granularity/SVAMP_ChatGPT_level{level}_ranked.json.gz" for level in LEVELS}
    return {level: {row["instruction"]: row["output"] for row in shared_rows(name)} for level, name in files.items()}


def rewritten(written, parents, level):
    """Children and reasons; the teacher writes its text of that level, with its last sentence as the solution."""

    def reply(request):
        asked = request.prompt[0]["content"]
        question = asked.split("Problem:\n")[1].split("\n\nSolution:")[0]
        wanted = re.search(r"anew at level (\d)", asked)[1]
        thought, _, solution = written[wanted][question].rpartition("The answer is")
        return f"<thought>{thought}</thought><solution>The answer is{solution}</solution>"

    step = build(Rewrite, {"model": "teacher", "target": "level", "level": int(level), "retries": 0})
    return step.map_with(parents, asker_of(reply))


def test_a_real_teachers_levels_pass_the_gate_and_rise(written):
    questions = [one for one in written["3"] if all(one in texts for texts in written.values())][:COUNT]
    parents = [Trace(Problem(one), written["3"][one]) for one in questions]
    lengths, lost = [], 0
    for level in LEVELS:
        for found in rewritten(written, parents, level):
            if not isinstance(found, list):
                lost += 1
                continue
            scores = RewriteStats().annotate(found[0]).scores
            assert scores["rewritten_to"] == level
            lengths.append((level, len(written[level][found[0].question].split())))
    found = rising(lengths, LEVELS)
    assert found.flagged == ()
    assert lost / (COUNT * 6) < 0.05


def test_whole_files_rise_as_the_paper_says(written):
    lengths = [(level, len(text.split())) for level, texts in written.items() for text in texts.values()]
    found = rising(lengths, LEVELS)
    assert found.flagged == ()
    assert [round(value) for value in found.medians.values()] == [31, 35, 46, 55, 70, 77]
