"""The readable documentation, from the schema: no script, nothing from elsewhere."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator


def resolve(schema: dict[str, Any], part: Any) -> dict[str, Any]:
    while isinstance(part, dict) and "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
    return part if isinstance(part, dict) else {}


def fields_of(schema: dict[str, Any], part: Any) -> list[dict[str, Any]]:
    found = resolve(schema, part)
    return [
        {
            "name": name, "type": resolve(schema, field).get("type", "any"), "required": name in found.get("required", []),
            "description": field.get("description", ""), "default": field.get("default"),
        }
        for name, field in found.get("properties", {}).items()
    ]  # fmt: skip


def operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            examples = [json.dumps(e["value"], indent=2) for e in body.get("examples", {}).values()]
            found.append({
                "method": method.upper(), "path": path, "summary": operation.get("summary", ""),
                "description": operation.get("description", ""), "fields": fields_of(schema, body.get("schema")),
                "examples": examples, "id": operation["operationId"],
            })  # fmt: skip
    return found


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return render(
        request,
        "api/docs.html",
        {"operations": operations(schema), "origin": f"{request.scheme}://{request.get_host()}"},
    )
