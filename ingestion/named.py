"""Who a payload names that is kept as it came: a refused event, a bot's."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress

NAMED = re.compile(r'"(?:user_id|device_id)"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)')


def readable(payload: str) -> str:
    """Without escapes that hide a letter (us\\u0065r_id)."""
    if "\\u" in payload:
        with suppress(ValueError, RecursionError):
            return json.dumps(json.loads(payload), ensure_ascii=False)
    return payload


def ids_in(payload: str) -> Iterator[str]:
    """Also of a payload that was cut off, or is no JSON for another reason."""
    for text in NAMED.findall(readable(payload)):
        try:
            yield str(json.loads(text))
        except ValueError:
            yield text.strip('"')
