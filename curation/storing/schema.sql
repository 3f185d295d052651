-- Text lives apart from what charts and filters read; annotation results are tables ann_<key>, joined into `scores`.
CREATE TABLE IF NOT EXISTS problems (
    id VARCHAR, question VARCHAR, reference VARCHAR, dataset VARCHAR, split VARCHAR, subject VARCHAR,
    media VARCHAR[], source VARCHAR, line BIGINT
);
CREATE TABLE IF NOT EXISTS traces (
    id VARCHAR, problem_id VARCHAR, dataset VARCHAR, split VARCHAR, subject VARCHAR, model VARCHAR, form VARCHAR,
    sample INTEGER, closed BOOLEAN, given_correct BOOLEAN, n_chars BIGINT, text_key VARCHAR, parent_id VARCHAR,
    source VARCHAR, line BIGINT, run VARCHAR
);
CREATE TABLE IF NOT EXISTS texts (id VARCHAR, reasoning VARCHAR, answer VARCHAR, extra VARCHAR);
CREATE TABLE IF NOT EXISTS annotations (key VARCHAR, op VARCHAR, spec VARCHAR, query BOOLEAN, taken TIMESTAMP);
CREATE TABLE IF NOT EXISTS imports (
    run VARCHAR, taken TIMESTAMP, files VARCHAR, rows BIGINT, imported BIGINT, duplicates BIGINT, quarantined BIGINT,
    traces BIGINT, problems BIGINT, warnings VARCHAR
);
CREATE TABLE IF NOT EXISTS quarantine (run VARCHAR, file VARCHAR, line BIGINT, reason VARCHAR, raw VARCHAR);
CREATE TABLE IF NOT EXISTS taken_in (run VARCHAR);
-- A trace, its text and its problem are looked up by id when one is opened.
CREATE INDEX IF NOT EXISTS traces_by_id ON traces (id);
CREATE INDEX IF NOT EXISTS texts_by_id ON texts (id);
CREATE INDEX IF NOT EXISTS problems_by_id ON problems (id);
-- What people said of traces, one value a trace and name; every change is an event, and also a line of labels.jsonl.
CREATE TABLE IF NOT EXISTS labels (trace_id VARCHAR, name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS events (
    id BIGINT, "at" VARCHAR, who VARCHAR, trace_id VARCHAR, name VARCHAR, value VARCHAR, "before" VARCHAR, undoes BIGINT
);
-- One row: the version of these tables (versions.py); raised with every change to them.
CREATE TABLE IF NOT EXISTS version (version INTEGER);
