"""A Sankey diagram as coordinates: pure, drawn by the template as SVG, so that each label is text of the page."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.queries.paths import END, OTHER, Edge

WIDTH, HEIGHT, NODE, GAP, TOP = 1000.0, 420.0, 8.0, 14.0, 8.0
LETTER, NUMBER = 6.2, 40.0  # the widths of a letter, and of a number with its space


@dataclass(frozen=True, slots=True)
class Node:
    x: float
    y: float
    height: float
    name: str
    sessions: int
    kind: str  # "", exit or other
    text_x: float
    anchor: str
    room: int  # characters until the next column's nodes or labels

    @property
    def label(self) -> str:
        return self.name if len(self.name) <= self.room else self.name[: self.room - 1] + "…"

    @property
    def text_dy(self) -> float:
        """From the top of the node; beside the middle of a flat one."""
        return 11.0 if self.height > 16 else self.height / 2 + 4


@dataclass(frozen=True, slots=True)
class Ribbon:
    path: str
    width: float
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    nodes: list[Node]
    ribbons: list[Ribbon]
    width: float = WIDTH
    height: float = HEIGHT


def gathered(edges: Sequence[Edge], most: int = 7) -> list[Edge]:
    """Each column keeps its `most` busiest nodes and the exit; what else there is becomes its one "(other)"."""
    sizes: defaultdict[int, Counter[str]] = defaultdict(Counter)
    last = max(edge.step for edge in edges)
    for edge in edges:
        sizes[edge.step][edge.source] += edge.sessions
        if edge.step == last and edge.target != END:
            sizes[edge.step + 1][edge.target] += edge.sessions
    kept = {
        column: {name for name, _ in found.most_common(most) if name != OTHER} | {END}
        for column, found in sizes.items()
    }
    sums: Counter[tuple[int, str, str]] = Counter()
    people: Counter[tuple[int, str, str]] = Counter()
    for edge in edges:
        one = edge.source if edge.source in kept.get(edge.step, ()) else OTHER
        two = edge.target if edge.target in kept.get(edge.step + 1, {END}) else OTHER
        sums[edge.step, one, two] += edge.sessions
        people[edge.step, one, two] += edge.people
    return [Edge(*key, sessions, people[key], None) for key, sessions in sums.most_common()]


def picture(edges: Sequence[Edge], columns: int) -> Picture:
    """A node is as high as the sessions that pass it; the tallest column fills the height."""
    into: defaultdict[tuple[int, str], int] = defaultdict(int)
    out: defaultdict[tuple[int, str], int] = defaultdict(int)
    for edge in edges:
        out[edge.step, edge.source] += edge.sessions
        into[edge.step + 1, edge.target] += edge.sessions
    sizes = {key: max(into[key], out[key]) for key in {*into, *out}}
    by_column = {
        c: sorted((k for k in sizes if k[0] == c), key=lambda k: (k[1] == END, k[1] == OTHER, -sizes[k], k[1]))
        for c in range(1, columns + 1)
    }
    scale = min(
        (HEIGHT - 2 * TOP - GAP * (len(keys) - 1)) / sum(sizes[k] for k in keys) for keys in by_column.values() if keys
    )
    scale = max(scale, 0.000_1)
    nodes: dict[tuple[int, str], Node] = {}
    for column, keys in by_column.items():
        x, y = (column - 1) * (WIDTH - NODE) / max(1, columns - 1), TOP
        last = column == columns
        room = (WIDTH - NODE) / max(1, columns - 1) - NODE - 12
        if column >= columns - 1:  # the labels of the last column come to meet those before it
            room /= 2
        for key in keys:
            height = max(1.5, sizes[key] * scale)
            kind = "exit" if key[1] == END else "other" if key[1] == OTHER else ""
            text_x = x - 6 if last else x + NODE + 6
            nodes[key] = Node(
                round(x, 1),
                round(y, 1),
                round(height, 1),
                key[1],
                sizes[key],
                kind,
                round(text_x, 1),
                "end" if last else "start",
                int((room - NUMBER) / LETTER),
            )
            y += height + GAP
    return Picture(list(nodes.values()), ribbons(edges, nodes, scale))


def ribbons(edges: Sequence[Edge], nodes: dict[tuple[int, str], Node], scale: float) -> list[Ribbon]:
    left: defaultdict[tuple[int, str], float] = defaultdict(float)
    right: defaultdict[tuple[int, str], float] = defaultdict(float)
    made = []
    order = {key: i for i, key in enumerate(nodes)}
    known = [e for e in edges if (e.step, e.source) in nodes and (e.step + 1, e.target) in nodes]
    for edge in sorted(known, key=lambda e: (order[e.step, e.source], order[e.step + 1, e.target])):
        one, two = (edge.step, edge.source), (edge.step + 1, edge.target)
        width = edge.sessions * scale
        x1, y1 = nodes[one].x + NODE, nodes[one].y + left[one] + width / 2
        x2, y2 = nodes[two].x, nodes[two].y + right[two] + width / 2
        left[one] += width
        right[two] += width
        middle = (x1 + x2) / 2
        made.append(Ribbon(
            f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", round(max(width, 0.8), 2),
            f"{edge.source} → {edge.target}: {edge.sessions:,} sessions", "exit" if edge.target == END else "",
        ))  # fmt: skip
    return made
