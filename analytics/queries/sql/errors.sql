-- Errors by type, message without numbers and ids, and the first frame that is neither a library's nor an extension's. Texts repeat,
-- so they are gathered first: the expressions run once a text.
SELECT
    error_type, message, frame, sum(errors), uniqExactMerge(sessions), uniqExactMerge(people), min(first_seen), max(last_seen),
    argMax(error_message, last_seen), topKMerge(3)(pages), any(apart), sumMap(buckets)
FROM
(
    SELECT
        *,
        replaceRegexpAll(error_message,
            '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}|0x[0-9a-fA-F]+|\\b[0-9a-fA-F]{12,}\\b|[0-9]+', '#') AS message,
        arrayFirst(f -> NOT match(f, 'node_modules|/vendor|-extension:|/cdn|jquery'),
            extractAll(stack, '(?:https?|file|webpack|[a-z-]+-extension)://[^\\s()]+?:[0-9]+')) AS full_frame,
        replaceRegexpAll(replaceRegexpOne(full_frame, '^[a-z-]+://[^/]*', ''), '[?#][^:]*|-[0-9a-zA-Z]{8,}(\\.m?js)', '\\1') AS frame,
        match(error_message, '^ResizeObserver loop|^Script error\\.?$$') AS apart
    FROM
    (
        SELECT
            error_type, error_message, `props.error_stack` AS stack, count() AS errors,
            uniqExactState(session_id) AS sessions, uniqExactState(person) AS people, min(timestamp) AS first_seen, max(timestamp) AS last_seen,
            topKState(3)(path) AS pages, sumMap([roundDown(toUnixTimestamp(timestamp), {bucket_starts:Array(UInt32)})], [toUInt64(1)]) AS buckets
        FROM ($events)
        GROUP BY error_type, error_message, stack
    )
)
GROUP BY error_type, message, frame
ORDER BY sum(errors) DESC, message
LIMIT {most:UInt32}
