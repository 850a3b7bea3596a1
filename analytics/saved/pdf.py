"""A digest as a PDF of A4 pages: tiles, the chart, bar lists. In the fonts that every reader has, so the file is small."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fpdf import FPDF

from analytics.saved.digest import Bar, Digest, Figure, Point, told, words

Colour = tuple[int, int, int]
INK, QUIET, LINE, GRID = (22, 32, 28), (91, 102, 97), (223, 228, 225), (236, 239, 237)
ACCENT, SOFT, BAD = (12, 122, 106), (224, 240, 236), (176, 66, 24)
LEFT, RIGHT, GAP = 16.0, 194.0, 10.0
WIDTH = RIGHT - LEFT
HALF = (WIDTH - GAP) / 2
BOTTOM = 278.0
ROW = 7.2


@dataclass(frozen=True, slots=True)
class Look:
    size: float
    colour: Colour = INK
    bold: bool = False
    align: str = "L"


class Sheet(FPDF):
    """Texts go by `say`: the built-in fonts know Latin letters, what else there is gets written in those."""

    foot = ""

    def footer(self) -> None:
        self.say(LEFT, 284, self.foot, Look(8, QUIET))
        self.say(RIGHT, 284, str(self.page_no()), Look(8, QUIET, align="R"))

    def say(self, x: float, y: float, text: str, look: "Look", most: float = WIDTH) -> None:
        size, colour, bold, align = look.size, look.colour, look.bold, look.align
        self.set_font("Helvetica", "B" if bold else "", size)
        self.set_text_color(*colour)
        shown = fitting(self, latin(text), most)
        self.text(x - (self.get_string_width(shown) if align == "R" else 0), y, shown)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self.set_fill_color(*colour)
        self.rect(x, y, max(width, 0.01), height, style="F")


def latin(text: str) -> str:
    """Letters that the font lacks lose their marks; in a path they are percent-encoded, as in its address."""
    plain = text.replace("\N{MINUS SIGN}", "\N{EN DASH}")
    try:
        return plain.encode("cp1252").decode("cp1252")
    except UnicodeEncodeError:
        if text.startswith("/"):
            return quote(text, safe="/*._-~ ")
        bare = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
        return bare.encode("cp1252", "replace").decode("cp1252")


def fitting(sheet: FPDF, text: str, most: float) -> str:
    if sheet.get_string_width(text) <= most:
        return text
    text = text[:300]
    while text and sheet.get_string_width(text + "…") > most:
        text = text[:-1]
    return text + "…"


def to_pdf(digest: Digest, now: datetime, about: str = "") -> bytes:
    """`about`: the filters in words."""
    sheet = Sheet(format="A4")
    sheet.core_fonts_encoding = "windows-1252"
    sheet.set_auto_page_break(False)
    sheet.set_title(f"{digest.site.domain} {words(digest.period)}")
    sheet.set_creator("Footfall")
    local = now.astimezone(ZoneInfo(digest.site.timezone))
    sheet.foot = f"Footfall · made on {local.day} {local:%B %Y, %H:%M} ({digest.site.timezone})"
    sheet.add_page()
    y = head(sheet, digest, about)
    y = tiles(sheet, digest.figures, y)
    y = chart(sheet, digest, y)
    y = achieved(sheet, digest, y)
    lists(sheet, digest, y)
    return bytes(sheet.output())


def head(sheet: Sheet, digest: Digest, about: str) -> float:
    for step in range(3):
        sheet.box(LEFT + step * 3, 22 - step * 3, 2.4, 2.4 + step * 3, ACCENT)
    sheet.say(LEFT + 14, 20, digest.site.domain, Look(18, bold=True), most=WIDTH - 14)
    about_when = f"{words(digest.period)[:1].upper()}{words(digest.period)[1:]}"
    if digest.compared:
        about_when += f", against {words(digest.compared).removeprefix('from ').removeprefix('on ')}"
    sheet.say(LEFT + 14, 26, about_when, Look(10, QUIET), most=WIDTH - 14)
    if about:
        sheet.say(LEFT + 14, 31, f"Only where {about}", Look(9, ACCENT), most=WIDTH - 14)
    return 38.0


def tiles(sheet: Sheet, figures: list[Figure], y: float) -> float:
    wide, high = WIDTH / 3, 21.0
    sheet.set_draw_color(*LINE)
    for i, one in enumerate(figures):
        x, top = LEFT + i % 3 * wide, y + i // 3 * high
        sheet.line(x, top, x + wide - 4, top)
        sheet.say(x, top + 5.5, one.label, Look(9, QUIET), most=wide - 4)
        sheet.say(x, top + 12.5, one.value, Look(16, bold=True), most=wide - 4)
        colour = ACCENT if one.judged == "good" else BAD if one.judged == "bad" else QUIET
        before = f"from {one.before}" if one.before != "–" else ""
        sheet.say(x, top + 17.5, f"{one.change} {before}".strip(), Look(8, colour), most=wide - 4)
    return y + (len(figures) + 2) // 3 * high + 6


def chart(sheet: Sheet, digest: Digest, y: float) -> float:
    sheet.say(LEFT, y, f"Visitors by {digest.interval}", Look(11, bold=True))
    if any(point.before is not None for point in digest.points):
        legend(sheet, y)
    top, height, right = y + 6, 48.0, RIGHT - 12
    scale = ceiling(digest.most)
    sheet.set_line_width(0.2)
    for part in (0.0, 0.5, 1.0):
        at = top + height * (1 - part)
        sheet.set_draw_color(*(LINE if part else QUIET))
        sheet.line(LEFT, at, right, at)
        sheet.say(RIGHT, at + 1, f"{scale * part:,.0f}", Look(8, QUIET, align="R"))
    if digest.points:
        curves(sheet, digest.points, scale, (LEFT, top, right - LEFT, height))
        axis(sheet, digest, right, top + height + 4.5)
    return top + height + 14


def legend(sheet: Sheet, y: float) -> None:
    for x, text, colour, dash in ((RIGHT - 62, "This period", ACCENT, 0.0), (RIGHT - 33, "The one before", QUIET, 1.0)):
        sheet.set_draw_color(*colour)
        sheet.set_line_width(0.6)
        sheet.set_dash_pattern(dash=dash, gap=dash)
        sheet.line(x, y - 1.2, x + 6, y - 1.2)
        sheet.set_dash_pattern()
        sheet.say(x + 8, y, text, Look(8, QUIET))


def curves(sheet: Sheet, points: list[Point], scale: float, frame: tuple[float, float, float, float]) -> None:
    left, top, width, height = frame
    step = width / max(1, len(points) - 1)

    def at(i: int, value: float) -> tuple[float, float]:
        return left + i * step, top + height * (1 - value / scale)

    now = [at(i, p.value) for i, p in enumerate(points)]
    before = [at(i, p.before) for i, p in enumerate(points) if p.before is not None]
    if len(now) == 1:
        sheet.box(now[0][0], now[0][1], 4, top + height - now[0][1], ACCENT)
        return
    sheet.set_fill_color(*SOFT)
    sheet.polygon([(left, top + height), *now, (now[-1][0], top + height)], style="F")
    sheet.set_line_width(0.35)
    sheet.set_draw_color(*QUIET)
    sheet.set_dash_pattern(dash=1, gap=1)
    if len(before) > 1:
        sheet.polyline(before)
    sheet.set_dash_pattern()
    sheet.set_line_width(0.6)
    sheet.set_draw_color(*ACCENT)
    whole = now[:-1] if points[-1].partial else now
    sheet.polyline(whole)
    if points[-1].partial:  # not over yet
        sheet.set_dash_pattern(dash=1.4, gap=1.2)
        sheet.line(*now[-2], *now[-1])
        sheet.set_dash_pattern()
    peak = max(range(len(points)), key=lambda i: points[i].value)
    x, y = now[peak]
    sheet.say(
        min(x + 1, left + width - 8), max(y - 1.5, top - 1), f"{points[peak].value:,}", Look(8, ACCENT, bold=True)
    )


def axis(sheet: Sheet, digest: Digest, right: float, y: float) -> None:
    points, most = digest.points, 6
    stride = max(1, -(-len(points) // most))
    wide = (right - LEFT) / max(1, len(points) - 1)
    for i in range(0, len(points), stride):
        sheet.say(LEFT + i * wide, y, told(points[i].label, digest.interval), Look(8, QUIET))


def ceiling(value: int) -> float:
    """The next round number above, of which the half is round as well."""
    size = 2
    while True:
        for part in (2, 4, 6, 10, 20):
            if size * part // 2 >= value:
                return size * part // 2
        size *= 10


def achieved(sheet: Sheet, digest: Digest, y: float) -> float:
    if not digest.goals:
        return y
    most = max([goal.people for goal in digest.goals] + [1])
    rows = [
        (goal.name, f"{goal.people:,}", "" if goal.rate is None else f"{goal.rate:.1f}%", 100 * goal.people / most)
        for goal in digest.goals[:8]
    ]
    sheet.say(LEFT, y, "Goals", Look(11, bold=True))
    sheet.say(RIGHT - 18, y, "People", Look(8, QUIET, align="R"))
    sheet.say(RIGHT, y, "Rate", Look(8, QUIET, align="R"))
    for i, (name, people, rate, share) in enumerate(rows):
        row(sheet, (LEFT, y + 3 + i * ROW, WIDTH), name, people, share, rate)
    return y + 3 + len(rows) * ROW + 9


def lists(sheet: Sheet, digest: Digest, y: float) -> None:
    """Two beside each other; a pair that does not fit goes to the next page."""
    pairs = [digest.lists[i : i + 2] for i in range(0, len(digest.lists), 2)]
    for pair in pairs:
        high = 3 + max(max(len(bars), 1) for _, bars in pair) * ROW + 9
        if y + high > BOTTOM:
            sheet.add_page()
            y = 22.0
        for i, (title, bars) in enumerate(pair):
            one_list(sheet, LEFT + i * (HALF + GAP), y, title, bars)
        y += high


def one_list(sheet: Sheet, x: float, y: float, title: str, bars: list[Bar]) -> None:
    sheet.say(x, y, title, Look(11, bold=True))
    sheet.say(x + HALF, y, "Visitors", Look(8, QUIET, align="R"))
    for i, bar in enumerate(bars):
        row(sheet, (x, y + 3 + i * ROW, HALF), bar.label, f"{bar.value:,}", bar.width)
    if not bars:
        sheet.say(x, y + 7, "Nothing in this period", Look(9, QUIET))


def row(
    sheet: Sheet, frame: tuple[float, float, float], name: str, value: str, share: float, rate: str = ""
) -> None:  # fmt: skip
    x, y, width = frame
    sheet.say(x, y + 4, name, Look(9), most=width - (44 if rate else 24))
    sheet.say(x + width - (18 if rate else 0), y + 4, value, Look(9, bold=True, align="R"))
    if rate:
        sheet.say(x + width, y + 4, rate, Look(9, QUIET, align="R"))
    sheet.box(x, y + 5.6, width, 0.7, GRID)
    sheet.box(x, y + 5.6, width * share / 100, 0.7, ACCENT)
