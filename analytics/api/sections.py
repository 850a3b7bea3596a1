"""The chapters of the API, as tags of the schema and headings of the documentation."""

from typing import Any

# By the part of the path after the site's.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Sending events": ("events", "event-types"),
    "Sites": ("sites", "quality"),
    "Analyses": (
        "query", "trends", "funnel", "retention", "paths", "lifecycle", "engagement", "conversions", "attribution",
        "campaigns", "customers", "ltv", "experiment", "vitals", "errors",
    ),
    "Exports": ("export", "exports"),
    "Saved things": ("goals", "segments", "annotations", "defined-events", "spend", "exchange-rates"),
    "Privacy": ("privacy-requests", "privacy-notice", "consent"),
    "Audit": ("audit",),
}  # fmt: skip


def part_of(path: str) -> str:
    return path.removeprefix("/api/v1/").removeprefix("sites/{site_id}/").split("/")[0]


def section_of(path: str) -> str:
    return next(name for name, parts in SECTIONS.items() if part_of(path) in parts)


def put_tags(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular."""
    result["tags"] = [{"name": name} for name in SECTIONS]
    for path, methods in result["paths"].items():
        for operation in methods.values():
            operation["tags"] = [section_of(path)]
    return result
