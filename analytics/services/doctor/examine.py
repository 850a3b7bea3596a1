"""All that `manage.py doctor` looks at, in order."""

from collections.abc import Callable, Iterator

from analytics.services.doctor import machine, stores, web, wires
from analytics.services.doctor.finding import Finding, bad

EXAMINATIONS: dict[str, Callable[[], Iterator[Finding]]] = {
    "python": machine.find_python,
    "packages": machine.find_packages,
    "data folder": machine.find_data_folder,
    "secret key": machine.find_secret_key,
    "static files": machine.find_static_files,
    "places": machine.find_places,
    "database": stores.find_database,
    "buffer": stores.find_buffer,
    "clickhouse": stores.find_clickhouse,
    "rights": stores.find_rights,
    "backlog": stores.find_backlog,
    "wires": wires.find_wires,
    "clock": machine.find_clock,
    "address": web.find_address,
    "mail": web.find_mail,
    "django": web.find_deploy_checks,
}
MENDS = {
    "database": "Check DATABASE_URL, or the SQLite file in the data folder.",
    "buffer": "Start Footfall with `make up`, or check REDIS_URL.",
    "backlog": "Start Footfall with `make up`, or check REDIS_URL.",
    "clock": "Start Footfall with `make up`, or check REDIS_URL.",
    "clickhouse": "Start Footfall with `make up`, or check CLICKHOUSE_URL.",
}


def examine() -> list[Finding]:
    findings: list[Finding] = []
    for name, find in EXAMINATIONS.items():
        try:
            findings += list(find())
        except Exception as error:  # one that fails must not hide the others
            told = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            findings.append(bad(name, f"It cannot be examined: {told}", MENDS.get(name, "See the log.")))
    return findings
