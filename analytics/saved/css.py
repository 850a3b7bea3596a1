"""A CSS selector as filters over captured clicks: the tracker keeps an element's tag, id, class, text and href."""

import re
from typing import Any

from cssselect import parse
from cssselect.parser import Attrib, Class, Element, Hash, SelectorSyntaxError

from analytics.queries.dimensions import BadQuery

ATTRIBUTES = ("id", "class", "text", "href")
HINT = 'a tag, #id, .class, [href="…"] or [text="…"], joined and separated by commas'


def filters_of_css(text: str, field: str = "selector") -> list[Any]:
    """Raises BadQuery for what a single element does not tell (descendants, pseudo-classes)."""
    try:
        found = [one(selector.parsed_tree, field) for selector in parse(text)]
    except SelectorSyntaxError as error:
        raise BadQuery(field, f"{text[:80]!r} is no CSS selector: {error}") from None
    found = [filters or [["set", "props.element.tag"]] for filters in found]
    return found[0] if len(found) == 1 else [["or", [["and", filters] for filters in found]]]


def one(tree: Any, field: str) -> list[Any]:
    if isinstance(tree, Element):
        return [["is", "props.element.tag", [tree.element.lower()]]] if tree.element else []
    if isinstance(tree, Hash):
        return [*one(tree.selector, field), ["is", "props.element.id", [tree.id]]]
    if isinstance(tree, Class):
        word = f"(^|\\s){re.escape(tree.class_name)}(\\s|$)"
        return [*one(tree.selector, field), ["regex", "props.element.class", [word]]]
    if isinstance(tree, Attrib) and tree.attrib in ATTRIBUTES:
        return [*one(tree.selector, field), attribute(tree)]
    raise BadQuery(field, f"expected {HINT}; captured clicks tell nothing about {type(tree).__name__.lower()}s")


def attribute(tree: Attrib) -> list[Any]:
    name = f"props.element.{tree.attrib}"
    if tree.operator == "exists" or tree.value is None:
        return ["set", name]
    value = str(tree.value.value)
    if tree.operator == "=":
        return ["is", name, [value]]
    shapes = {"^=": "^{}", "$=": "{}$", "*=": "{}", "~=": "(^|\\s){}(\\s|$)", "|=": "^{}(-|$)"}
    return ["regex", name, [shapes[tree.operator].format(re.escape(value))]]
