import gzip
import json
from pathlib import Path

import pytest
from solving import SUM, Line, asked, lines, solved

from curation.answers import compare, extract
from curation.backends.scripted import Scripted
from training.answering.voting import plurality
from training.strategies.vote import Member, Vote

SOLUTIONS = Path(__file__).resolve().parents[4] / "shared/data/gsm8k_full/example_model_solutions.jsonl.gz"


def test_texts_and_programs_vote_and_a_failed_program_does_not():
    texts = Scripted(["It is 4.0", "It is 5"])
    programs = Scripted(["ans = 2 + 2", "<think>\nans = 10 / 2\n</think>\nDone", "ans = 4 +", "ans = 1 / 0"])
    members = [Member(n=2, temperature=0.5), Member(form="pot", n=4, student="coder", instruction="{question} Code.")]
    strategy = Vote(members=members)
    table = solved(strategy, [SUM], texts, coder=programs)
    assert lines(table) == [
        Line("2 + 2?", 0, "It is 4.0", "4.0", True, 3, {"member": 0, "form": "cot", "program": None}, True),
        Line("2 + 2?", 1, "It is 5", "5", False, 3, {"member": 0, "form": "cot", "program": None}, True),
        Line("2 + 2?", 2, "ans = 2 + 2", "4", True, 5, {"member": 1, "form": "pot", "program": "finished"}, True),
        Line(
            "2 + 2?", 3, "<think>\nans = 10 / 2\n</think>\nDone", "5.0", False, 5,
            {"member": 1, "form": "pot", "program": "finished"}, True,
        ),
        Line("2 + 2?", 4, "ans = 4 +", None, False, 4, {"member": 1, "form": "pot", "program": "syntax error"}, True),
        Line("2 + 2?", 5, "ans = 1 / 0", None, False, 5, {"member": 1, "form": "pot", "program": "raised"}, True),
        Line("2 + 2?", 0, "It is 4.0", "4.0", True, 25, {"votes": 2, "of": 6, "tied": True}),
    ]  # fmt: skip
    measures = strategy.measures(table)
    members = measures.pop("members")
    # 4.0 and 4 against nothing; then a tie of 4.0, 4 with 5, 5.0
    assert measures == {"tie_rate": 1.0, "agreement": 2 / 6, "maj@1": 1.0, "maj@2": 1.0, "maj@4": 1.0}
    wanted = [(0, "cot", 2, 0.5, None), (1, "pot", 4, 0.25, 0.5)]
    assert [(m["member"], m["form"], m["n"], m["accuracy"], m["programs_finished"]) for m in members] == wanted
    assert asked(programs) == ["2 + 2? Code."] * 4


def test_more_votes_may_change_what_wins():
    strategy = Vote(members=[Member(n=3)])
    table = solved(strategy, [SUM], Scripted(["5", "4", "4"]))
    found = strategy.measures(table)
    assert [found["maj@1"], found["maj@2"], found["maj@3"]] == [0.0, 0.0, 1.0]


def test_nobody_wins_a_tie_where_voters_abstain():
    table = solved(Vote(members=[Member(n=2)], tie="abstain"), [SUM], Scripted(["4", "5"]))
    assert lines(table)[-1] == Line("2 + 2?", 0, "4", None, False, 2, {"votes": 1, "of": 2, "tied": True})


def test_the_shortest_answer_wins_a_tie_where_asked():
    table = solved(Vote(members=[Member(n=2)], tie="shortest"), [SUM], Scripted(["it is 5", "4"]))
    assert lines(table)[-1] == Line("2 + 2?", 0, "4", "4", True, 4, {"votes": 1, "of": 2, "tied": True})


def test_real_solutions_elect_565_right_answers_and_tie_528_times():
    if not SOLUTIONS.is_file():
        pytest.skip("the shared data folder is not beside the checkout")
    names = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    right = ties = 0
    with gzip.open(SOLUTIONS, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            answers = [extract(row[name]["solution"], bare=False) for name in names]
            winner = plurality(answers, "abstain")
            ties += winner.tied
            reference = row["ground_truth"].rpartition("A:")[2].strip()
            right += winner.place is not None and compare(answers[winner.place] or "", reference).equal
    assert (right, ties) == (565, 528)
