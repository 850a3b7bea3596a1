"""How far a person reaches in ClickHouse: from the ids that are given to devices, visits and quarters of an hour.

Whose is an event? One with a user is that user's. One without belongs to the user of its session, by the rule by which the
figures join them (docs/numbers.md); else to the visitor. Of a visitor id, a device or a cookieless hash of a day, a user owns
what is without a user, unless other users were seen under the same id: then only the sessions that count for this one.
A request by device takes everything of the device; one by cookieless hash what is without a user.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from string import Template
from typing import Any

from analytics.clickhouse import client
from analytics.privacy.subject import Subject

LIMITS = {"max_execution_time": 1200, "max_result_rows": 0}
KINDS = ("device", "person", "visitor", "session", "touched", "bucket", "seen", "kept")
EVENTS = Template("""site_id = {site:UInt32} AND (visitor_id IN ($device)
    OR (user_id != '' AND person_id IN ($person))
    OR (user_id = '' AND (person_id IN ($visitor) OR session_id IN ($session))))""")
BUCKET = "toUnixTimestamp(toStartOfInterval(timestamp, INTERVAL 15 MINUTE))"
# Each fills one kind from what was filled before it.
FILL = {
    "visitor": """SELECT visitor_id FROM events WHERE site_id = {site:UInt32} AND user_id != '' AND visitor_id IN (
        SELECT visitor_id FROM events WHERE site_id = {site:UInt32} AND user_id != '' AND person_id IN ($person))
        GROUP BY visitor_id HAVING countIf(person_id NOT IN ($person)) = 0""",
    "session": """SELECT session_id FROM events WHERE site_id = {site:UInt32} AND session_id IN (
        SELECT session_id FROM events WHERE site_id = {site:UInt32} AND user_id != '' AND person_id IN ($person))
        GROUP BY session_id HAVING max(if(user_id = '', 0, person_id)) IN ($person)""",
    "touched": """SELECT DISTINCT session_id FROM events WHERE $events
        UNION DISTINCT SELECT session_id FROM sessions WHERE site_id = {site:UInt32}
            AND (user_person IN ($person) OR visitor_id IN ($device) OR visitor_id IN ($visitor))
        UNION DISTINCT SELECT session_id FROM visits WHERE site_id = {site:UInt32}
            AND (person_id IN ($person) OR person_id IN ($device) OR person_id IN ($visitor))""",
    "bucket": f"SELECT DISTINCT toUInt64({BUCKET}) FROM events WHERE $events",
    "seen": "SELECT DISTINCT visitor_id FROM events WHERE $events",
}


@dataclass
class Reach:
    """The ids of one request, in privacy_reach. `beat` is called while something takes long."""

    request: int
    subject: Subject
    beat: Callable[[], None] = field(default=lambda: None)

    @property
    def site_id(self) -> int:
        return self.subject.site_id

    @property
    def params(self) -> dict[str, Any]:
        return {"site": self.site_id, "request": self.request}

    def ids(self, *kinds: str) -> str:
        """SQL of the ids of these kinds."""
        named = ", ".join(f"'{kind}'" for kind in kinds)
        return f"SELECT id FROM privacy_reach WHERE request = {{request:UInt64}} AND kind IN ({named})"

    def fill(self, text: str) -> str:
        slots = {kind: self.ids(kind) for kind in KINDS}
        return Template(text).substitute(slots, events=EVENTS.substitute(slots))

    @property
    def events(self) -> str:
        """The condition that an event is the person's."""
        return self.fill("$events")

    def read(self, sql: str, **more: Any) -> list[tuple[Any, ...]]:
        return client.read(self.fill(sql), self.params | more, f"site={self.site_id} report=privacy", **LIMITS)

    def count(self, table: str, condition: str) -> int:
        return int(self.read(f"SELECT count() FROM {table} WHERE {condition}")[0][0])

    def add(self, kind: str, ids: set[int]) -> None:
        if ids:
            columns: list[list[Any]] = [[self.request] * len(ids), [kind] * len(ids), sorted(ids)]
            client.insert("privacy_reach", ("request", "kind", "id"), columns, token="")

    def ids_of(self, *kinds: str) -> set[int]:
        return {row[0] for row in self.read(f"SELECT DISTINCT id FROM ({self.ids(*kinds)})")}

    def resolve(self) -> int:
        """Find all ids; how many events are the person's. Again, it adds what has come since."""
        self.add("person", self.subject.persons)
        self.add("device", set(self.subject.devices))
        self.add("visitor", set(self.subject.visitors))
        for kind, sql in FILL.items():
            self.beat()
            found = f"SELECT {{request:UInt64}}, '{kind}', * FROM ({self.fill(sql)})"
            client.command(f"INSERT INTO privacy_reach (request, kind, id) {found}", self.params)
        return self.count("events", "$events")
