"""Queries to start from, and what each table of the SQL page holds."""

EXAMPLES = {
    "Traces by teacher": """
SELECT model, count(*) AS traces, round(avg(n_chars)) AS mean_chars
FROM scores
GROUP BY model
ORDER BY traces DESC
""",
    "Longest traces": """
SELECT id, model, n_chars
FROM scores
ORDER BY n_chars DESC
LIMIT 100
""",
    "Problems teachers disagree on": """
SELECT problem_id, count(*) AS traces, count(DISTINCT answer) AS answers
FROM scores JOIN texts USING (id)
GROUP BY problem_id
HAVING answers > 1
ORDER BY answers DESC
""",
    "Second thoughts": r"""
SELECT id, len(regexp_extract_all(reasoning, '(?i)\b(wait|hmm|actually)\b')) AS doubts
FROM texts
ORDER BY doubts DESC
LIMIT 200
""",
    "Questions asked twice": """
SELECT lower(trim(question)) AS text, count(*) AS problems
FROM problems
GROUP BY text
HAVING problems > 1
ORDER BY problems DESC
""",
}
ABOUT = {
    "scores": "A row a trace: metadata, labels and every score",
    "texts": "Reasoning and answer of each trace",
    "problems": "Questions with their reference answers",
    "segments": "Spans of the reasoning with their kinds",
    "labels": "What people said of traces",
    "imports": "Files that were imported",
    "annotations": "Annotators whose results are stored",
    "quarantine": "Rows that could not be imported",
}
