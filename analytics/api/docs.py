"""The readable documentation, from the schema: no script, nothing from elsewhere."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from analytics.api.sections import SECTIONS, part_of

JSON = "application/json"


def resolve(schema: dict[str, Any], part: Any) -> dict[str, Any]:
    while isinstance(part, dict) and "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
    return part if isinstance(part, dict) else {}


def type_of(schema: dict[str, Any], part: Any) -> str:
    """In words: "text", "list of dates", "one of day, week, month"."""
    found = resolve(schema, part)
    if choices := [resolve(schema, one) for name in ("oneOf", "anyOf", "allOf") for one in found.get(name, ())]:
        return " or ".join(dict.fromkeys(type_of(schema, one) for one in choices))
    if "enum" in found:
        return "one of " + ", ".join(str(one) for one in found["enum"] if one not in (None, ""))
    kinds = found.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"] or ["null"]
    return " or ".join(word_of(schema, found, kind) for kind in kinds)


def word_of(schema: dict[str, Any], found: dict[str, Any], kind: str) -> str:
    if kind == "array":
        inner = type_of(schema, found.get("items", {}))
        return "list" if inner == "any" else f"list of ({inner})" if " " in inner else f"list of {inner}"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    formats = {"date": "date", "date-time": "time", "decimal": "decimal as text", "uri": "address", "uuid": "UUID"}
    return formats.get(found.get("format", ""), words.get(kind, kind))


def fields_of(schema: dict[str, Any], part: Any) -> list[dict[str, Any]]:
    found = resolve(schema, part)
    if found.get("type") == "array":
        found = resolve(schema, found.get("items"))
    return [
        {
            "name": name, "type": type_of(schema, field), "required": name in found.get("required", []),
            "description": field.get("description", ""), "default": field.get("default"),
        }
        for name, field in found.get("properties", {}).items()
    ]  # fmt: skip


def parameters_of(schema: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": f"?{one['name']}=", "type": type_of(schema, one.get("schema")), "required": one.get("required", False),
            "description": one.get("description", ""), "default": one.get("schema", {}).get("default"),
        }
        for one in operation.get("parameters", [])
        if one["in"] == "query"
    ]  # fmt: skip


def answer_of(schema: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """What a request that succeeds is answered with: the fields at the top."""
    status = next(status for status in operation["responses"] if status.startswith("2"))
    content = operation["responses"][status].get("content", {})
    part = content.get(JSON, {}).get("schema")
    return {
        "status": status, "fields": fields_of(schema, part), "kinds": [kind for kind in content if kind != JSON],
        "is_list": resolve(schema, part).get("type") == "array",
    }  # fmt: skip


def operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            examples = [written(e["value"]) for e in body.get("examples", {}).values()]
            asked = [one for one in fields_of(schema, body.get("schema")) if one["name"] != "id"]
            found.append({
                "method": method.upper(), "path": path, "summary": operation.get("summary", ""),
                "description": operation.get("description", ""), "examples": examples, "id": operation["operationId"],
                "fields": [*parameters_of(schema, operation), *asked], "answer": answer_of(schema, operation),
                "section": operation["tags"][0],
            })  # fmt: skip
    return found


def written(value: dict[str, Any]) -> str:
    """JSON, a field a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(one, ensure_ascii=False)}" for name, one in value.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def rank(operation: dict[str, Any]) -> int:
    """Within its section, in the order in which that names its parts."""
    return SECTIONS[operation["section"]].index(part_of(operation["path"]))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    every = operations(schema)
    sections = [(name, sorted((one for one in every if one["section"] == name), key=rank)) for name in SECTIONS]
    return render(
        request, "api/docs.html", {"sections": sections, "origin": f"{request.scheme}://{request.get_host()}"}
    )
