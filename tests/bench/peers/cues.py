"""What the peers take for looking back, and for paragraphs that are pruned: the openings that the traces hold."""

LOOKS_BACK = r"\n\n(?:Wait, let me check|Let me verify)"
PRUNED = (
    r"\n\n(?:Wait, let me check|Let me verify|Alternatively|Another way|Hmm, let me think|This is a bit)"
    r"(?:(?!\n\n).)*"
)
MOST_CHECKS = 10
WORDS = (80, 3200)  # as many as Winnow's 100 to 4,000 tokens
RUN, REPEATED = 4, 0.6  # words of a run, and the largest share of repeated runs
