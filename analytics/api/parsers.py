"""JSON that can be asked of a store: every text in it is whole characters, and none is a NUL."""

import json
import re
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser

NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes it, and not a backslash before the same letters


def is_whole(value: Any) -> bool:
    """JSON may hold half a surrogate pair ("\\ud800"), which no store can, and a NUL, which Postgres cannot."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not NUL.search(text)


class WholeJSONParser(JSONParser):
    def parse(self, *args: Any, **options: Any) -> Any:
        data = super().parse(*args, **options)
        parts = data if isinstance(data, dict) else {"body": data}
        for name, value in parts.items():
            if not is_whole(name) or not is_whole(value):
                known = name if is_whole(name) else "body"
                raise ValidationError({known: "expected whole characters, got half a surrogate pair or a NUL"})
        return data
