"""20,000 events are posted while every process is killed with -9 in turn: each acknowledged one is stored once."""

import os
import signal
import threading
import time
import urllib.error
import uuid

import pytest

from tests.conftest import eventually

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]
EVENTS, BATCH, SENDERS = 20_000, 20, 4


class Sender(threading.Thread):
    """Posts batches until each is acknowledged, as the tracker does: the same ids again after a failure."""

    def __init__(self, footfall, site, number):
        super().__init__(daemon=True)
        self.footfall, self.site, self.number = footfall, site, number
        self.acknowledged, self.retries, self.wrong = [], 0, []

    def run(self):
        for batch in range(EVENTS // BATCH // SENDERS):
            events = [
                {
                    "event_id": str(uuid.uuid4()), "event_type": "page_view",
                    "page": {"url": f"https://shop.example/{self.number}/{batch}/{i}"},
                    "device": {"device_id": f"{self.number}-{batch % 50}"},
                }
                for i in range(BATCH)
            ]  # fmt: skip
            time.sleep(0.04)  # spread over the time in which things are killed
            while True:
                try:
                    answer = self.footfall.post(self.site, events)
                    break
                except urllib.error.HTTPError as error:
                    if error.code != 503:
                        self.wrong.append(error.code)
                except OSError:
                    pass
                self.retries += 1
                time.sleep(0.2)
            if answer["accepted"] + answer["duplicate"] != BATCH:
                self.wrong.append(answer)
            self.acknowledged += [event["event_id"] for event in events]


def test_kill_9_of_everything_loses_and_doubles_nothing(footfall_factory):
    footfall = footfall_factory()
    site = footfall.create_site()
    senders = [Sender(footfall, site, n) for n in range(SENDERS)]
    for sender in senders:
        sender.start()
    order = ["worker", "web", "clickhouse", "valkey", "worker", "clickhouse"]
    for name in order:
        time.sleep(1.5)
        os.killpg(footfall.child(name), signal.SIGKILL)
        eventually(footfall.is_ready, 60)
    for sender in senders:
        sender.join(240)
    assert not any(s.is_alive() or s.wrong for s in senders), [s.wrong for s in senders]
    sent = {event_id for s in senders for event_id in s.acknowledged}
    assert len(sent) == EVENTS and sum(s.retries for s in senders) > 0

    def counts():
        try:
            return footfall.sql("SELECT count(), uniqExact(event_id) FROM events")[0]
        except Exception:
            return (0, 0)

    eventually(lambda: counts()[1] >= EVENTS, 90)
    time.sleep(6)  # a late replay would show
    assert counts() == (EVENTS, EVENTS)
    stored = {str(row[0]) for row in footfall.sql("SELECT event_id FROM events")}
    assert stored == sent
    assert footfall.sql("SELECT sum(pageviews) FROM traffic_15m") == [(EVENTS,)]
    assert footfall.sql("SELECT sum(pageviews) FROM sessions") == [(EVENTS,)]
