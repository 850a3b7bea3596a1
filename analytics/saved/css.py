"""A CSS selector as filters over captured clicks: on what fits it, or on anything in it.

The tracker keeps an element's tag, id, class, text and href, and a path of tags, ids and classes from what it lies in
(static/tracker/capture/element.ts), as in "main>div.card.wide>button#buy.cta". Clicks from before there was a
path are found by what is known of the element itself.
"""

import re
from typing import Any

from cssselect import parse
from cssselect.parser import Attrib, Class, CombinedSelector, Element, Hash, SelectorSyntaxError

from analytics.queries.dimensions import BadQuery

ATTRIBUTES = ("id", "class", "text", "href")
HINT = 'tags, #ids and .classes within each other (space or >), [href="…"] or [text="…"] of the clicked element, and commas'
PATH = "props.element.path"
JOINTS = {" ": ">(?:[^>]+>)*", ">": ">"}


def filters_of_css(text: str, field: str = "selector") -> list[Any]:
    """Raises BadQuery for what clicks do not tell (neighbours, pseudo-classes, other attributes)."""
    try:
        found = [one(selector.parsed_tree, field) for selector in parse(text)]
    except SelectorSyntaxError as error:
        raise BadQuery(field, f"{text[:80]!r} is no CSS selector: {error}") from None
    return found[0] if len(found) == 1 else [["or", [["and", filters] for filters in found]]]


def one(tree: Any, field: str) -> list[Any]:
    attributes = [attribute(part) for part in parts_of(last_of(tree), field) if isinstance(part, Attrib)]
    path: list[Any] = ["regex", PATH, [f"(?:^|>){pattern(tree, field)}{'$' if attributes else '(?:>|$)'}"]]
    if isinstance(tree, CombinedSelector):
        return [path, *attributes]
    itself = of_element(tree, field) or [["set", "props.element.tag"]]
    return [["or", [path, ["and", [["not_set", PATH], *itself]]]], *attributes]


def last_of(tree: Any) -> Any:
    return tree.subselector if isinstance(tree, CombinedSelector) else tree


def parts_of(tree: Any, field: str) -> list[Any]:
    """The tag, then the id, classes and attributes of one element."""
    if isinstance(tree, Element):
        return [tree]
    if isinstance(tree, Hash | Class) or (isinstance(tree, Attrib) and tree.attrib in ATTRIBUTES):
        return [*parts_of(tree.selector, field), tree]
    raise BadQuery(field, f"expected {HINT}; captured clicks tell nothing about {type(tree).__name__.lower()}s")


def pattern(tree: Any, field: str) -> str:
    """Over the path; of the last element, attributes are asked apart."""
    if isinstance(tree, CombinedSelector):
        if tree.combinator not in JOINTS:
            raise BadQuery(field, f"expected {HINT}; captured clicks tell nothing about neighbours ({tree.combinator})")
        if any(isinstance(part, Attrib) for part in parts_of(last_of(tree.selector), field)):
            raise BadQuery(field, f"expected {HINT}; attributes are known of the clicked element only")
        return pattern(tree.selector, field) + JOINTS[tree.combinator] + pattern(tree.subselector, field)
    parts = parts_of(tree, field)
    tag, ids = parts[0].element, [part.id for part in parts if isinstance(part, Hash)]
    classes = sorted({word(part.class_name) for part in parts if isinstance(part, Class)})
    return (
        (re.escape(tag.lower()) if tag else "[^>#.]+")
        + ("".join(f"#{word(name)}" for name in ids) or "(?:#[^>.]*)?")
        + "".join(rf"(?:\.[^>.]+)*\.{name}" for name in classes)
        + r"(?:\.[^>.]+)*"
    )


def word(text: str) -> str:
    return re.escape(re.sub("[.#>]", "_", text[:40]))


def of_element(tree: Any, field: str) -> list[Any]:
    found: list[Any] = []
    for part in parts_of(tree, field):
        if isinstance(part, Element) and part.element:
            found.append(["is", "props.element.tag", [part.element.lower()]])
        elif isinstance(part, Hash):
            found.append(["is", "props.element.id", [part.id]])
        elif isinstance(part, Class):
            found.append(["regex", "props.element.class", [f"(^|\\s){re.escape(part.class_name)}(\\s|$)"]])
    return found


def attribute(tree: Attrib) -> list[Any]:
    name = f"props.element.{tree.attrib}"
    if tree.operator == "exists" or tree.value is None:
        return ["set", name]
    value = str(tree.value.value)
    if tree.operator == "=":
        return ["is", name, [value]]
    shapes = {"^=": "^{}", "$=": "{}$", "*=": "{}", "~=": "(^|\\s){}(\\s|$)", "|=": "^{}(-|$)"}
    return ["regex", name, [shapes[tree.operator].format(re.escape(value))]]
