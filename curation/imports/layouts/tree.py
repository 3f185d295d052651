"""A rollout of a search tree as rStar writes it: the question at node 0, a step or sub-question at every node.

{"trace": {"0": {"user_question": .., "ost_step": {"1": ..}}, "1": {"subquestion": .., "subanswer": {"text": ..}}}}
"""

from curation.imports.layouts.base import Context, Converted, Solution, finish, read_problem, read_trace
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.imports.values import get, text

ROOT = "0.user_question"
PARTS = ("subquestion", "subanswer.text", "ost_step")
ANSWER = "direct_answer.text"


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """The path from the root to the last node as one trace."""
    nodes = get(row, mapping.steps) or {}
    problem = read_problem(row, mapping, context, text(get(row, mapping.question) or get(nodes, ROOT)))
    if problem is None:
        return Converted(reasons=["no question at node 0"])
    steps = [text(get(node, part)) for node in nodes.values() for part in PARTS]
    answers = [text(get(node, ANSWER)) for node in nodes.values()]
    solution = Solution(
        "\n".join(filter(None, steps)),
        answer="\n".join(filter(None, answers)),
        model=get(row, mapping.model),
        correct=get(row, mapping.correct),
    )
    trace = read_trace(problem, solution, mapping.form, context)
    if trace is None:
        return Converted(reasons=["the rollout has no step and no answer"])
    return finish(row, mapping, Converted([trace]))
