-- Stores made before labels and events were kept, and before their tables had a version.
CREATE TABLE IF NOT EXISTS labels (trace_id VARCHAR, name VARCHAR, value VARCHAR);
CREATE TABLE IF NOT EXISTS events (
    id BIGINT, "at" VARCHAR, who VARCHAR, trace_id VARCHAR, name VARCHAR, value VARCHAR, "before" VARCHAR, undoes BIGINT
);
CREATE TABLE version (version INTEGER);
