from solving import PRODUCT, SUM, Line, asked, lines, solved

from curation.backends.scripted import Scripted
from training.strategies.instruction import Instruction


def test_each_instruction_is_measured_on_its_own():
    model = Scripted(["2 + 2 is 4", "5", "2 x 3 is 6", "6"])
    strategy = Instruction(instructions=["Explain: {question}", "{question} Label only"])
    table = solved(strategy, [SUM, PRODUCT], model)
    explain, label = ({"instruction": text} for text in strategy.instructions)
    assert lines(table) == [
        Line("2 + 2?", 0, "2 + 2 is 4", "4", True, 5, explain),
        Line("2 + 2?", 1, "5", "5", False, 1, label),
        Line("2 x 3?", 0, "2 x 3 is 6", "6", True, 5, explain),
        Line("2 x 3?", 1, "6", "6", True, 1, label),
    ]
    assert asked(model) == ["Explain: 2 + 2?", "2 + 2? Label only", "Explain: 2 x 3?", "2 x 3? Label only"]
    found = strategy.measures(table)["instructions"]
    assert [(row["instruction"], row["n"], row["accuracy"], row["mean_tokens"]) for row in found] == [
        ("Explain: {question}", 2, 1.0, 5),
        ("{question} Label only", 2, 0.5, 1),
    ]
