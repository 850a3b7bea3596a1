-- Whom a request about a person reaches: their ids, and the sessions and quarters of an hour that they touched. Mutations read
-- it by a subquery, so that no id of a person stays in the text of a mutation. Emptied when the request ends.
CREATE TABLE privacy_reach
(
    request UInt64,
    kind LowCardinality(String),
    id UInt64,
    at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (request, kind, id)
TTL at + INTERVAL 60 DAY;
