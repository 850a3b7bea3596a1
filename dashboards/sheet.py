"""The common shape of panels: a title, perhaps a form and a chart, and a table that says the same in figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.state import State


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind`: num, name, good, warn, bad, or several of them. `raw` goes into the CSV in place of the text."""

    text: str
    title: str = ""
    kind: str = ""
    href: str = ""
    raw: Any = None
    note: str = ""  # small, below


@dataclass(frozen=True, slots=True)
class Field:
    """Of a panel's form. With `options` (value, title) a list to choose from, else a text with suggestions."""

    name: str
    label: str
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    suggestions: Sequence[str] = ()
    hint: str = ""


@dataclass
class Sheet:
    title: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    hint: str = ""
    note: str = ""
    figure: dict[str, Any] | None = None
    fields: Sequence[Field] = ()
    tabs: Sequence[tuple[str, str, bool]] = ()
    empty: tuple[str, str] | None = None  # what it says without rows, in place of what any panel would
    table_open: bool = True  # False: behind "As a table"
    links: Sequence[tuple[str, str]] = ()  # (title, address) beside the title
    next: tuple[str, str] | None = None  # (title, address): what to do where it is empty

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The heads, each with the class of what is below it."""
        below = self.rows[0] if self.rows else ()
        texts = {0, *(i for i, cell in enumerate(below) if "name" in cell.kind)}
        return [(head, "" if i in texts else "num") for i, head in enumerate(self.heads)]


def num(text: str, title: str = "", kind: str = "", href: str = "", raw: Any = None) -> Cell:
    return Cell(text, title, f"num {kind}".strip(), href, raw)


def name(text: str, href: str = "", title: str = "") -> Cell:
    return Cell(text, title, "name", href)


def show(state: State, sheet: Sheet, api: tuple[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """The template's context. `api`: the operation and its body that give the same figures."""
    names = [one.name for one in sheet.fields]
    table = (list(sheet.heads), [[cell.text if cell.raw is None else cell.raw for cell in row] for row in sheet.rows])
    return {"sheet": sheet, "hidden": state.pairs(*names) if names else (), "table": table, "api": api}
