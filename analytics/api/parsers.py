"""JSON that can be asked of a store: every text in it is whole characters."""

import json
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser


def is_whole(value: Any) -> bool:
    """JSON may hold half a surrogate pair ("\\ud800"), which no store can."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


class WholeJSONParser(JSONParser):
    def parse(self, *args: Any, **options: Any) -> Any:
        data = super().parse(*args, **options)
        parts = data if isinstance(data, dict) else {"body": data}
        for name, value in parts.items():
            if not is_whole(name) or not is_whole(value):
                known = name if is_whole(name) else "body"
                raise ValidationError({known: "expected whole characters, got half a surrogate pair"})
        return data
