-- What each session came by. An event is one number, which sorts and compares several times faster than its name: ms,
-- event_index, then 55 bits of the hash of its item.
SELECT
    session_id,
    any(person) AS person,
    arraySort(groupArray(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(timestamp)), 87),
        bitOr(bitShiftLeft(toUInt128(event_index), 55), toUInt128($code))))) AS packed,
    arrayMap(v -> $code_of, packed) AS all_codes,
    arrayFilter((v, code, before) -> code != before, packed, all_codes, arrayShiftRight(all_codes, 1)) AS visits
FROM ($events)
GROUP BY session_id
