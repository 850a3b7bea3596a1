"""Checking event_properties against a JSON Schema, and mending what can be mended without losing anything."""

import math
import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import msgspec

Schema = dict[str, Any]
MAX_SCHEMA = 32 * 1024
MAX_STEPS = 5000
INTEGER = re.compile(r"^-?(0|[1-9]\d{0,15})$")
NUMBER = re.compile(r"^-?(0|[1-9]\d{0,14})(\.\d{1,12})?$")


class Problem(msgspec.Struct, frozen=True):
    """`kind` is "type", "missing" or "unknown"; the field's path is relative to event_properties."""

    kind: str
    field: str
    expected: str
    got: str


def refuse_reference(uri: str) -> Any:
    raise ValueError(f"A reference to {uri[:80]} is not followed.")


def check_references(schema: Schema) -> None:
    """Each is followed as a validator follows it: a few that refer to one another twice are millions of steps for an event.
    Raises ValueError, also for those that refer to what they are in."""
    waiting: list[Any] = [schema]
    for _ in range(MAX_STEPS):
        if not waiting:
            return
        node = waiting.pop()
        for name, inner in (
            node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
        ):
            if name in ("$dynamicRef", "$recursiveRef"):
                raise ValueError(f"{name} is not followed.")
            waiting.append(referred(schema, inner) if name == "$ref" and isinstance(inner, str) else inner)
    raise ValueError(f"With its references it comes to more than {MAX_STEPS} parts.")


def referred(whole: Schema, reference: str) -> Any:
    """What a JSON pointer names."""
    if not reference.startswith("#/"):
        refuse_reference(reference)
    found: Any = whole
    for part in unquote(reference[2:]).split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(name)] if name.isdecimal() and int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, dict) else None
    return found


class Checker:
    """Raises ValueError when the schema itself cannot be used. Patterns run in linear time, references stay inside."""

    def __init__(self, schema: Schema, strict: bool = False) -> None:
        self.schema = {**schema, "additionalProperties": False} if strict else schema
        check_references(self.schema)
        try:
            self._validator: Any = jsonschema_rs.validator_for(
                self.schema, pattern_options=jsonschema_rs.RegexOptions(), retriever=refuse_reference
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise ValueError(str(error).split("\n")[0][:200]) from None

    def check(self, properties: dict[str, Any]) -> tuple[dict[str, Any], Problem | None]:
        """The properties, coerced where they had to be and could be, and the first problem that is left."""
        try:
            if self._validator.is_valid(properties):
                return properties, None
            mended = mend(properties, self.schema)
            error = next(iter(self._validator.iter_errors(mended)), None)
        except ValueError:  # a number beyond 64 bits, which no schema of ours could hold
            return properties, None
        return mended, None if error is None else problem_of(error)


def mend(value: Any, schema: Any) -> Any:
    """Types that say the same: "12" and 12, 12.0 and 12, "true" and true; null is as good as absent."""
    if not isinstance(schema, dict):
        return value
    kind = schema.get("type")
    if isinstance(value, dict) and kind in ("object", None):
        known = schema.get("properties")
        if not isinstance(known, dict):
            return value
        return {
            name: mend(inner, known.get(name))
            for name, inner in value.items()
            if inner is not None or name not in known
        }
    return mend_scalar(value, kind)


def mend_scalar(value: Any, kind: Any) -> Any:
    if kind == "string" and isinstance(value, (int, float)):
        return msgspec.json.encode(value).decode()  # the shortest text that reads back as this number, "true", "false"
    if kind == "integer" and isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if isinstance(value, str):
        if kind == "integer" and INTEGER.match(value):
            return int(value)
        if kind == "number" and NUMBER.match(value):
            return float(value) if "." in value else int(value)
        if kind == "boolean" and value in ("true", "false"):
            return value == "true"
    return value


def problem_of(error: Any) -> Problem:
    """One sentence's worth of a validation error: the field, what was expected of it, what came."""
    name = ".".join(map(str, error.instance_path))
    kind = type(error.kind).__name__.rsplit("_", 1)[-1]
    if kind == "Required":
        missing = str(error.kind.property).strip('"')
        return Problem("missing", f"{name}.{missing}".lstrip("."), "a value, it is required", "none")
    if kind in ("AdditionalProperties", "UnevaluatedProperties"):
        unknown = [str(item) for item in error.kind.unexpected]
        return Problem(
            "unknown", f"{name}.{unknown[0]}".lstrip("."), "a property that the schema names", repr(unknown[0])[:64]
        )
    if kind == "Type":
        return Problem("type", name, " or ".join(types_of(error)), told(error.instance))
    rule = f"{error.schema_path[-1]} {msgspec.json.encode(rule_of(error)).decode()[:100]}"
    return Problem("type", name, rule, told(error.instance))


def types_of(error: Any) -> list[str]:
    types = error.kind.types
    return [types] if isinstance(types, str) else [str(item) for item in types]


def rule_of(error: Any) -> Any:
    for name in ("options", "limit", "pattern", "expected_value", "format", "multiple_of"):
        if hasattr(error.kind, name):
            return getattr(error.kind, name)
    return str(error.message)


def told(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float, str)):
        return msgspec.json.encode(value).decode()[:64]
    return "an object" if isinstance(value, dict) else "a list"


@lru_cache(maxsize=4096)
def checker_of(text: str, strict: bool) -> Checker:
    """The checker of a schema in JSON text; one and the same for the same text, as sites are read anew every few seconds."""
    return Checker(msgspec.json.decode(text), strict)


def check_schema(text: str) -> Schema:
    """The schema that somebody typed in. Raises ValueError with a sentence for them."""
    if len(text) > MAX_SCHEMA:
        raise ValueError(f"Schema: expected at most {MAX_SCHEMA} characters, got {len(text)}.")
    try:
        schema = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"Schema: expected JSON, but {str(error)[:150]}.") from None
    if "\\u0000" in text:
        raise ValueError("Schema: expected no NUL in it.")
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise ValueError('Schema: expected an object with "type": "object" and "properties".')
    try:
        Checker(schema)
    except ValueError as error:
        raise ValueError(f"Schema: this is no JSON Schema: {error}") from None
    return schema
