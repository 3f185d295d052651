"""The command that generates: which flags there are, and one line for what a user can repair."""

import pytest

from curation.__main__ import build_parser, run
from curation.flags import from_flags
from curation.generating.console import _sentence
from curation.generating.progress import Progress
from curation.operators.generate import Generate


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "base"], "One of the arguments --dataset --benchmark --filter is required."),
        (["--dataset", "sums"], "generate needs the field 'model' (Model that writes)."),
        (["--model", "base", "--dataset", "sums"], "Unknown dataset 'sums'; known: none yet."),
        (["--model", "base", "--filter", ""], "There is no problem to generate for; import problems or traces"),
        (["--model", "base", "--benchmark", "quiz"], "There is no benchmark 'quiz'; known: word_problems"),
        (["--model", "base", "--dataset", "sums", "--limit", "0"], "--limit is a number of problems from 1, found 0."),
        (["--model", "base", "--dataset", "sums", "--prompt", "rationale"], "while gold is hidden, a leak"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(tmp_path, capsys, words, reason):
    assert run(["generate", *words, "--workspace", str(tmp_path / "w")]) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1


def test_every_parameter_is_a_flag():
    words = ["generate", "--dataset", "sums", "--model", "deep", "--mode", "outline", "--budgets", "1,0.5", "--n", "4",
             "--log-probs"]  # fmt: skip
    given = build_parser(words).parse_args(words)
    assert from_flags(Generate, given) == Generate(
        model="deep", mode="outline", budgets=[1.0, 0.5], n=4, log_probs=True
    )


def test_what_became_of_the_problems_is_one_sentence():
    found = Progress(problems=3, traces=5, judged=5, accepted=4, failed={"empty": 1}, generated_tokens=90, cost=0.25)
    assert (
        _sentence(found) == "5 traces of 3 problems; 4 of 5 right; 90 tokens generated; cost 0.25; failed: empty (1)"
    )
    assert _sentence(Progress(problems=1)) == "0 traces of 1 problems; 0 tokens generated"
