"""The table person_traits: sealed texts by person and name."""

from collections.abc import Iterable, Sequence

from analytics.clickhouse import client

TABLE = "person_traits"
COLUMNS = ("site_id", "person_id", "name", "sealed", "at")
Told = tuple[int, int, str, str, int]  # a row; `at` in ms


def put_traits(rows: Sequence[Told], token: str) -> None:
    """Again, it changes nothing: the latest of a person and name stays."""
    if rows:
        client.insert(TABLE, COLUMNS, [list(column) for column in zip(*rows, strict=True)], token)


def get_traits(site_id: int, people: Iterable[int]) -> list[tuple[int, str, str]]:
    """(person, name, sealed)"""
    wanted = list(people)
    if not wanted:
        return []
    sql = (
        "SELECT person_id, name, sealed FROM person_traits FINAL"
        " WHERE site_id = {site:UInt32} AND person_id IN {people:Array(UInt64)} ORDER BY person_id, name"
    )
    return client.read(sql, {"site": site_id, "people": wanted}, f"site={site_id} report=traits")


def get_sealed_by_others(key: str, after: tuple[int, int, str], most: int) -> list[Told]:
    """Those after a row, in the order of the table."""
    sql = (
        "SELECT site_id, person_id, name, sealed, toUnixTimestamp64Milli(at) FROM person_traits FINAL"
        " WHERE key != {key:String} AND (site_id, person_id, name) > ({site:UInt32}, {person:UInt64}, {name:String})"
        " ORDER BY site_id, person_id, name LIMIT {most:UInt32}"
    )
    params = {"key": key, "site": after[0], "person": after[1], "name": after[2], "most": most}
    return client.read(sql, params, "report=rotatekeys")


def get_key_names() -> set[str]:
    """By which anything is sealed, also in parts that are not merged yet."""
    return {name for (name,) in client.read("SELECT DISTINCT key FROM person_traits", {}, "report=rotatekeys")}


def do_merge() -> None:
    client.command("OPTIMIZE TABLE person_traits FINAL")
