import logging
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ingestion.enrich import geo
from ingestion.enrich.geo import Geo, Place, country_of_timezone, finder, place_of

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "static" / "node_modules" / "@ip-location-db" / "geo-whois-asn-country-mmdb"
FILES = [ROOT / "static" / "build" / "geo" / "country.mmdb", PACKAGE / "geo-whois-asn-country.mmdb"]
NESTED = {
    "country": {"iso_code": "DE", "names": {"en": "Germany"}},
    "subdivisions": [{"iso_code": "BE", "names": {"en": "Land Berlin"}}],
    "city": {"names": {"en": "Berlin", "de": "Berlin"}},
    "location": {"time_zone": "Europe/Berlin"},
}


class Fake:
    """A reader of one record, which counts how often it is asked."""

    def __init__(self, record: Any) -> None:
        self.record, self.asked = record, 0

    def get(self, address: object) -> Any:
        self.asked += 1
        if isinstance(self.record, Exception):
            raise self.record
        return self.record


@pytest.fixture
def database() -> Path:
    found = next((path for path in FILES if path.exists()), None)
    if found is None:
        pytest.skip("the static files are not built")
    return found


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (NESTED, Place("DE", "DE-BE", "Berlin", "Europe/Berlin")),
        (NESTED | {"subdivisions": [{"names": {"en": "Berlin"}}]}, Place("DE", "Berlin", "Berlin", "Europe/Berlin")),
        ({"registered_country": {"iso_code": "FR"}}, Place("FR")),
        ({"country_code": "US"}, Place("US")),
        (
            {"country_code": "US", "state1": "California", "city": "Oakland", "timezone": "America/Los_Angeles"},
            Place("US", "California", "Oakland", "America/Los_Angeles"),
        ),
        ({"country_code": None, "city": None}, Place()),
        ({}, Place()),
        (None, Place()),
    ],
)
def test_records_of_all_makers(record: Any, place: Place) -> None:
    assert place_of(record) == place


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "0.0.0.0",
        "",
        "x",
        "1.2.3",
    ],
)
def test_private_and_malformed_addresses_are_nowhere(address: str) -> None:
    fake = Fake(NESTED)
    assert finder([fake])(address) == Place()
    assert fake.asked == 0


def test_an_address_is_looked_up_once() -> None:
    fake = Fake(NESTED)
    find = finder([fake])
    assert [find("8.8.8.8").city for _ in range(3)] == ["Berlin"] * 3
    assert fake.asked == 1


def test_the_next_file_answers_for_one_that_cannot() -> None:
    find = finder([Fake(ValueError("IPv4 only")), Fake({"city": "no dictionary"}), Fake(None), Fake(NESTED)])
    assert find("2a00:1450:4001::1").country == "DE"


def test_the_file_that_ships(database: Path) -> None:
    found = Geo(str(database))
    assert found.lookup("91.198.174.192") == found.lookup("::ffff:91.198.174.192") == Place("NL")
    assert found.lookup("2620:0:862:ed1a::1").country


def test_a_missing_or_broken_file_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_text("no database")
    with caplog.at_level(logging.INFO):
        assert Geo(str(tmp_path / "absent.mmdb"), str(broken), "").lookup("8.8.8.8") == Place()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]


def test_a_new_file_is_read_within_a_minute(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("ingestion.enrich.geo.time.monotonic", lambda: now)
    path = tmp_path / "country.mmdb"
    found = Geo(str(path))
    assert found.lookup("8.8.8.8") == Place()
    shutil.copy(database, tmp_path / "new")
    os.rename(tmp_path / "new", path)
    assert found.lookup("8.8.8.8") == Place()
    now += geo.CHECK_SECONDS
    assert found.lookup("8.8.8.8") == Place("US")


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/Oslo", "NO"),
        ("Asia/Calcutta", "IN"),
        ("Asia/Kathmandu", "NP"),
        ("US/Pacific", "US"),
        ("Europe/Kiev", "UA"),
        ("Australia/Lord_Howe", "AU"),
        ("America/Buenos_Aires", "AR"),
        ("UTC", ""),
        ("EST", ""),
        ("Etc/GMT+3", ""),
        ("Nowhere/Land", ""),
        ("", ""),
    ],
)
def test_country_of_timezone(zone: str, country: str) -> None:
    assert country_of_timezone(zone) == country
