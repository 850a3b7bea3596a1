-- Errors by type, message without numbers and ids, and the first frame that is neither a library's nor an extension's.
SELECT
    error_type, message, frame, count() AS errors, uniqExact(session_id), uniqExact(person), min(timestamp), max(timestamp),
    argMax(error_message, timestamp), topK(3)(path), any(apart), sumMap([at], [toUInt64(1)])
FROM
(
    SELECT
        person, session_id, timestamp, error_type, error_message, path,
        replaceRegexpAll(error_message,
            '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}|0x[0-9a-fA-F]+|\\b[0-9a-fA-F]{12,}\\b|[0-9]+', '#') AS message,
        arrayFirst(f -> NOT match(f, 'node_modules|/vendor|-extension:|/cdn|jquery'),
            extractAll(ifNull(toString(event_properties.error_stack), ''), '(?:https?|file|webpack|[a-z-]+-extension)://[^\\s()]+?:[0-9]+')) AS full_frame,
        replaceRegexpAll(replaceRegexpOne(full_frame, '^[a-z-]+://[^/]*', ''), '[?#][^:]*|-[0-9a-zA-Z]{8,}(\\.m?js)', '\\1') AS frame,
        match(error_message, '^ResizeObserver loop|^Script error\\.?$$') AS apart,
        roundDown(toUnixTimestamp(timestamp), {bucket_starts:Array(UInt32)}) AS at
    FROM ($events)
)
GROUP BY error_type, message, frame
ORDER BY errors DESC, message
LIMIT {most:UInt32}
