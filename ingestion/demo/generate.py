"""The stream of events: visits begun by the rhythm, merged in order of time; only open visits are held."""

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import islice
from random import Random

from ingestion.demo.actions import ACTIONS
from ingestion.demo.catalog import Catalog
from ingestion.demo.journeys import Event, Journey, Tables
from ingestion.demo.people import IDLE_MS, Person, Population
from ingestion.demo.traffic import USER_ARRIVALS, Arrival, Rhythm, awake

USERS, SEEN = 0.2, 0.17  # shares of visits by users, and by others who come back
EVENTS_PER_VISIT = 7.5


class Generator:
    """The same arguments give the same events; `until` is the end that no event passes."""

    def __init__(self, domain: str, events: int, days: int, seed: int, until: datetime) -> None:
        self.events, self.until_ms = events, round(until.timestamp() * 1000)
        # Every argument counts, so that no two histories of a site share event ids that mean different things.
        self.rng = Random(f"{seed}|{domain}|{events}|{days}|{self.until_ms}")  # noqa: S311
        self.visits_per_day = max(events / EVENTS_PER_VISIT / days, 1.0)
        self.rhythm = Rhythm(until, days)
        self.population = Population(self.rng, min(int(self.visits_per_day * 1.5) + 3, 50_000))
        self.tables = Tables(self.rng, Catalog(domain), ACTIONS)

    def __iter__(self) -> Iterator[Event]:
        """Visit i begins when as many events are due as the visits before it have made."""
        open_events: list[tuple[int, int, Event]] = []
        made = size = number = 0
        while (due := made - size + self.rng.random() * size) < self.events:
            now, hour = self.rhythm.moment(due / self.events)
            while open_events and open_events[0][0] <= now:
                yield heappop(open_events)[2]
            visit = self.visit(now, hour, due / self.events)
            for event in visit:
                if event["event_timestamp"] < self.until_ms:
                    number += 1
                    heappush(open_events, (event["event_timestamp"], number, event))
            size = len(visit)
            made += size
        while open_events:
            yield heappop(open_events)[2]

    def visit(self, now: int, hour: int, share: float) -> list[Event]:
        person, arrival = self.who(now, hour)
        app = person.user is not None and arrival.name == "direct" and self.rng.random() < 0.8
        journey = Journey(self.tables, person, now, share)
        events = journey.run(arrival, app)
        person.free_at = journey.now + IDLE_MS
        if journey.signed_up:
            self.population.add_user(person)
        return events

    def who(self, now: int, hour: int) -> tuple[Person, Arrival]:
        luck = self.rng.random()
        if luck < USERS:
            person = self.population.known(now)
            if person and awake(person.place, now, self.rng):
                return person, USER_ARRIVALS(self.rng)
        elif luck < USERS + SEEN:
            person = self.population.seen(now, self.visits_per_day)
            if person and awake(person.place, now, self.rng):
                return person, self.rhythm.arrival(hour, self.rng)
        return self.population.new(self.rhythm.place(hour, self.rng)), self.rhythm.arrival(hour, self.rng)

    def batches(self, size: int) -> Iterator[list[Event]]:
        stream = iter(self)
        while batch := list(islice(stream, size)):
            yield batch
