"""What campaigns cost: entered by hand, or read from the CSV that an ad platform exports."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.db.models import Q, Sum

from accounts.models import Site
from analytics.queries.calendar import Period
from analytics.queries.dimensions import BadQuery
from analytics.saved.models import Spend
from analytics.saved.preferences import get_preferences
from analytics.saved.rates import check_code, get_rates, start_of

MOST_ROWS, MOST_BYTES = 50_000, 5 * 1024 * 1024
COLUMNS = {"day": "Day", "campaign": "Campaign", "source": "Source", "amount": "Amount", "currency": "Currency"}
# How ad platforms name their columns; the first that is there is proposed.
GUESSES = {
    "day": ("day", "date", "reporting starts", "tag", "datum", "start date", "time"),
    "campaign": ("campaign", "campaign name", "utm_campaign", "kampagne", "kampagnenname", "campaign group name"),
    "source": ("source", "utm_source", "platform", "network", "account name"),
    "amount": (
        "cost",
        "spend",
        "amount",
        "amount spent",
        "kosten",
        "ausgaben",
        "total spent",
        "amount spent (eur)",
        "amount spent (usd)",
    ),
    "currency": ("currency", "currency code", "account currency code", "währung", "währungscode"),
}
NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d", "%m/%d/%Y", "%d/%m/%Y", "%b %d, %Y", "%d %b %Y")


@dataclass(frozen=True, slots=True)
class Line:
    day: date
    campaign: str
    source: str
    amount: Decimal
    currency: str = ""  # the site's


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. `wrong`: (line, what is wrong with it); those lines are left out."""

    heads: list[str]
    mapping: dict[str, int]  # our column -> place of theirs
    lines: list[Line]
    wrong: list[tuple[int, str]]
    names: dict[str, str]  # campaign as the platform has it -> utm_campaign


def get_spend(site: Site, period: Period) -> dict[str, Decimal]:
    """By utm_campaign, in the site's currency; without what has no exchange rate."""
    rates, found = get_rates(site.pk), dict[str, Decimal]()
    for campaign, day, currency, amount in sums_of(site, period):
        money = rates.convert(amount, currency, start_of(day, site.timezone))
        if money is not None:
            found[campaign] = found.get(campaign, Decimal(0)) + money
    return {campaign: amount.quantize(Decimal("0.01")) for campaign, amount in found.items()}


def get_unconverted_spend(site: Site, period: Period) -> dict[str, Decimal]:
    """By currency: what had no exchange rate on its day."""
    rates, found = get_rates(site.pk), dict[str, Decimal]()
    for _, day, currency, amount in sums_of(site, period):
        if rates.convert(amount, currency, start_of(day, site.timezone)) is None:
            found[currency] = found.get(currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def sums_of(site: Site, period: Period) -> Iterable[tuple[str, date, str, Decimal]]:
    """Own money is added up over the days, other by day, as each has its rate."""
    rows = Spend.objects.filter(site=site, day__gte=period.first, day__lte=period.last)
    own = Q(currency__in=("", site.currency))
    for campaign, total in rows.filter(own).values_list("campaign").annotate(total=Sum("amount")).order_by():
        yield campaign, period.first, "", total
    grouped = rows.exclude(own).values_list("campaign", "day", "currency")
    yield from grouped.annotate(total=Sum("amount")).order_by()


def read_table(text: str) -> list[list[str]]:
    """Raises ValueError for what is no table."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"The file has over {MOST_BYTES // 1024 // 1024} MB; split it.")
    if NO_TEXT.search(text):
        raise ValueError("The file is no text: it has characters that no table has.")
    delimiter = max(",;\t", key=text[:4096].count)
    lines = io.StringIO(text.lstrip("\ufeff"), newline=None)
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(c.strip() for c in row)]
    except csv.Error as error:
        raise ValueError(f"The file cannot be read as a table: {error}.") from None
    while rows and len(rows[0]) < 2:  # the title that some platforms put above
        rows.pop(0)
    if len(rows) < 2:
        raise ValueError("Expected a CSV with a head and at least one line, and a column for day, campaign and amount.")
    if len(rows) > MOST_ROWS:
        raise ValueError(f"At most {MOST_ROWS:,} lines at once, got {len(rows):,}.")
    return rows


def guess(heads: list[str]) -> dict[str, int]:
    lower = [head.strip().lower() for head in heads]
    return {
        column: next((lower.index(name) for name in names if name in lower), -1) for column, names in GUESSES.items()
    }


def amount_of(text: str) -> Decimal:
    """1,234.50, 1.234,50, € 12 and 12.5: the last of . and , with at most two digits after it is the decimal one."""
    plain = re.sub(r"[^0-9.,-]", "", text)
    found = re.fullmatch(r"(-?[0-9.,]*?)(?:[.,]([0-9]{1,2}))?", plain)
    if not found or not re.search("[0-9]", plain):
        raise InvalidOperation
    return Decimal(f"{re.sub('[.,]', '', found[1]) or '0'}.{found[2] or '0'}")


def day_of(text: str, form: str) -> date:
    return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a day has no zone


def form_of(texts: list[str]) -> str:
    """The one date form that fits every line; 03/04 alone would not tell, but a column with a 13 in it does."""
    for form in DATE_FORMS:
        try:
            for text in texts:
                day_of(text, form)
        except ValueError:
            continue
        return form
    return DATE_FORMS[0]


def get_preview(
    site: Site, text: str, mapping: dict[str, int] | None = None, names: dict[str, str] | None = None
) -> Preview:
    rows = read_table(text)
    heads, body = rows[0], rows[1:]
    mapping = mapping or guess(heads)
    known = get_preferences(site).campaign_names | (names or {})
    lines, wrong, used = [], [], {}

    def at(row: list[str], column: str) -> str:
        place = mapping.get(column, -1)
        return row[place].strip() if 0 <= place < len(row) else ""

    form = form_of([at(row, "day") for row in body if at(row, "day")][:2000])
    for number, row in enumerate(body, 2):
        try:
            day = day_of(at(row, "day"), form)
        except ValueError:
            wrong.append((number, f"expected a day, got {at(row, 'day')[:40]!r}"))
            continue
        try:
            amount = amount_of(at(row, "amount"))
        except InvalidOperation:
            wrong.append((number, f"expected an amount, got {at(row, 'amount')[:40]!r}"))
            continue
        theirs = at(row, "campaign")[:300]
        if not theirs or not 0 <= amount < 10**10:
            wrong.append((number, "there is no campaign" if not theirs else f"expected 0 or more, got {amount}"))
            continue
        try:
            currency = check_code(at(row, "currency")) if at(row, "currency") else ""
        except BadQuery as error:
            wrong.append((number, str(error)))
            continue
        used[theirs] = known.get(theirs, theirs)
        lines.append(Line(day, used[theirs], at(row, "source")[:120], amount, currency))
    return Preview(heads, mapping, lines, wrong, used)


@transaction.atomic
def do_import(site: Site, preview: Preview) -> int:
    """Lines of one day, campaign and source are added up and take the place of what was there. The names are remembered."""
    sums: dict[tuple[date, str, str], Line] = {}
    for line in preview.lines:
        key = (line.day, line.campaign, line.source)
        before = sums.get(key)
        if before is not None and before.currency != line.currency:
            raise ValueError(f"{line.campaign} on {line.day} is in two currencies; tell them apart by the source.")
        sums[key] = replace(line, amount=line.amount + (before.amount if before else 0))
    do_put(site, sums.values())
    changed = {theirs: ours for theirs, ours in preview.names.items() if theirs != ours}
    if changed:
        preferences = get_preferences(site)
        preferences.campaign_names = preferences.campaign_names | changed
        preferences.save()
    return len(sums)


def do_put(site: Site, lines: Iterable[Line]) -> None:
    Spend.objects.bulk_create(
        [
            Spend(
                site=site,
                day=one.day,
                campaign=one.campaign,
                source=one.source,
                amount=one.amount,
                currency="" if one.currency == site.currency else one.currency,
            )
            for one in lines
        ],
        update_conflicts=True,
        unique_fields=["site", "day", "campaign", "source"],
        update_fields=["amount", "currency"],
        batch_size=500,
    )
