"""Footfall's own storages, in the order in which a person is erased from them."""

from functools import partial

from analytics.privacy.registry import Storage, declare_free, register
from analytics.privacy.stores import buffered, files, kept, named, saved, tables
from analytics.queries.cache import results

register(Storage(
    "events", "Every event: page, time, device, place, properties", ("table:events",),
    tables.find_events, tables.erase_events, tables.export_events, paused=True,
))  # fmt: skip
register(Storage(
    "sessions", "Visits, each with its source and place", ("table:sessions",),
    partial(tables.find_view, "sessions"), partial(tables.erase_view, "sessions"), tables.export_sessions, paused=True,
))  # fmt: skip
for table, about in (
    ("events_recent", "The events of the last week, for Live"),
    ("rare_events", "Errors, searches and purchases once more, by type"),
    ("visits", "Who was there in which quarter of an hour"),
    ("traffic_15m", "Counts by quarter of an hour, with the ids of who was counted"),
):
    register(Storage(
        table, about, (f"table:{table}",), partial(tables.find_view, table), partial(tables.erase_view, table), paused=True,
    ))  # fmt: skip
register(Storage(
    "traits", "What identify() told by name, address or number, encrypted", ("table:person_traits",),
    named.find, named.erase, named.export,
))  # fmt: skip
register(Storage(
    "cohorts", "Who is in which cohort", ("table:cohort_people",),
    tables.find_cohorts, tables.erase_cohorts, tables.export_cohorts,
))  # fmt: skip
for table, about in (
    ("rejected_events", "Rejected events, as they came"),
    ("bot_events", "Events of bots, as they came"),
):
    register(Storage(
        table, about, (f"table:{table}",), partial(kept.find, table), partial(kept.erase, table), partial(kept.export, table),
    ))  # fmt: skip
register(Storage(
    "live_sessions", "The running visits of the last day, and events that wait to be written",
    ("key:session", "key:stream", "key:recut"),
    buffered.find_states, buffered.erase_states, buffered.export_states, paused=True,
))  # fmt: skip
register(Storage(
    "exports", "Files of exports", ("model:saved.Export", "folder:exports"), files.find_exports, files.erase_exports,
))  # fmt: skip
register(Storage(
    "archives", "What was handed out to the person before", ("folder:privacy",), files.find_archives, files.erase_archives,
))  # fmt: skip
register(Storage(
    "saved", "Names, filters and notes that people of the team wrote",
    tuple(f"model:saved.{kind.__name__}" for kind, _ in saved.FIELDS), saved.find, saved.erase, saved.export,
))  # fmt: skip
register(Storage(
    "memory", "Answers that the server keeps for ten minutes", ("memory:answers",),
    lambda reach: 0, lambda reach: results.clear(),
))  # fmt: skip

declare_free("The server's own bookkeeping", "table:migrations", "model:services.Store", "folder:beat-schedule")
declare_free("Counts of events by outcome and minute", "table:ingest_outcomes", "key:outcomes")
declare_free("Emptied at the end of every request", "table:privacy_reach")
declare_free("The ledger: subjects only as keyed hashes, emptied after an erasure", "model:privacy.PrivacyRequest")
declare_free("Backups hold people, and are not reached: the page of an erasure names those before it", "folder:backups")
declare_free("Keys", "folder:secret_key", "folder:privacy_key", "model:accounts.FieldKey")
declare_free(
    "Of the team, not of visitors", "model:accounts.User", "model:accounts.Team", "model:accounts.Membership",
    "model:accounts.Invitation", "model:accounts.SiteGrant", "model:accounts.KeyUse", "model:accounts.SignIn",
    "model:accounts.Identity", "model:mfa.Authenticator", "model:account.EmailAddress", "model:account.EmailConfirmation",
    "model:accounts.ApiKey", "model:accounts.SetupToken", "model:saved.Report",
)  # fmt: skip
declare_free(
    "Settings of a site", "model:accounts.Site", "model:accounts.Collection", "model:accounts.EventSchema",
    "model:saved.Preferences", "model:saved.Spend", "model:saved.ExchangeRate", "model:privacy.Retention",
    "model:privacy.SettingsVersion", "model:privacy.ConsentText",
)  # fmt: skip
declare_free("Keyed hashes of who wants to be left out, kept so that it can be honoured", "model:accounts.OptOut")
declare_free(
    "Acts of the team, without personal data of visitors: requests are named by their number",
    "model:accounts.AuditEntry",
    "model:accounts.AuditHead",
)
declare_free(
    "Answers to the question of consent, by keyed hashes of random ids that only who answered has: the proof that they did",
    "table:consents",
)
declare_free("The random salt of a day, gone after 48 hours", "model:ingestion.Salt")
declare_free(
    "Django's own: permissions, and the sessions of who is logged in", "model:auth.Group", "model:auth.Permission",
    "model:contenttypes.ContentType", "model:sessions.Session",
)  # fmt: skip
declare_free(
    "The stores themselves: their tables, models and keys are registered each", "folder:clickhouse", "folder:valkey",
    "folder:footfall.sqlite3", "folder:footfall.sqlite3-wal", "folder:footfall.sqlite3-shm",
)  # fmt: skip
declare_free(
    "Logs of the embedded stores, which name no values", "folder:logs", "folder:clickhouse.log", "folder:valkey.log"
)
declare_free("Hashes of random event ids, for duplicates: no person is in an event id", "key:seen")
declare_free(
    "Which sessions are being cut again: it is finished before anybody is erased", "key:recutting", "key:recut-clearing"
)
declare_free("Who works on what", "key:lease", "key:manifest", "key:pause", "key:recut-rest", "key:wake", "key:celery")
declare_free("Counters by hashes of addresses under the day's salt, for two minutes", "key:rate")
declare_free("Counters by hashed names, and leases", "key:cache")
