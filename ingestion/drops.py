"""What can become of an event, each with its name: the counters, the answers and the health page use these."""

from enum import Enum, StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    SAMPLED_OUT = "sampled_out"
    DROPPED = "dropped"
    REJECTED = "rejected"
    BOT = "bot"


class Reason(Enum):
    """Why an event is not stored: (outcome, name, what the sender is told)."""

    NOT_AN_EVENT = (Outcome.REJECTED, "not_an_event", "")  # the text comes from the decoder
    BAD_EVENT_ID = (Outcome.REJECTED, "bad_event_id", "expected a UUID")
    BAD_EVENT_TYPE = (Outcome.REJECTED, "bad_event_type", "expected 1 to 64 letters, digits, or _ . : - and spaces")
    BAD_URL = (Outcome.REJECTED, "bad_url", "expected an address with http:// or https:// and a host")
    BAD_TIMESTAMP = (Outcome.REJECTED, "bad_timestamp", "expected ISO 8601 or milliseconds since 1970")
    TOO_OLD = (Outcome.REJECTED, "too_old", "older than a browser may send; send it with the ingest secret")
    PAST_RETENTION = (Outcome.REJECTED, "past_retention", "older than the retention age")
    IN_FUTURE = (Outcome.REJECTED, "in_future", "more than 5 minutes in the future")
    BAD_REVENUE = (Outcome.REJECTED, "bad_revenue", "expected a decimal number with at most 14 digits before the point")
    BAD_CURRENCY = (Outcome.REJECTED, "bad_currency", "expected a three-letter code such as EUR")
    TOO_LARGE = (Outcome.REJECTED, "too_large", "expected at most 32 KiB, 300 names, 10 levels deep")
    BAD_PROPERTY = (Outcome.REJECTED, "bad_property", "")  # the text comes from the schema
    MISSING_PROPERTY = (Outcome.REJECTED, "missing_property", "")
    UNKNOWN_PROPERTY = (Outcome.REJECTED, "unknown_property", "")
    BAD_CONSENT = (
        Outcome.REJECTED, "bad_consent",
        "expected granted, denied or withdrawn, with a consent id of 16 to 64 letters, digits, _ or - where not denied",
    )  # fmt: skip
    NOT_STORABLE = (Outcome.REJECTED, "not_storable", "")  # put aside by the writer: ClickHouse refused it
    DO_NOT_TRACK = (Outcome.DROPPED, "do_not_track", "the site honours Do Not Track")
    GLOBAL_PRIVACY_CONTROL = (Outcome.DROPPED, "global_privacy_control", "the site honours Global Privacy Control")
    OPTED_OUT = (Outcome.DROPPED, "opted_out", "the person does not want to be tracked")
    NO_CONSENT = (Outcome.DROPPED, "no_consent", "the site counts nobody before they consent")
    BLOCKED_HOSTNAME = (Outcome.DROPPED, "blocked_hostname", "not one of the site's host names")
    BLOCKED_PATH = (Outcome.DROPPED, "blocked_path", "the site leaves this path out")
    BLOCKED_COUNTRY = (Outcome.DROPPED, "blocked_country", "the site leaves this country out")
    BLOCKED_ADDRESS = (Outcome.DROPPED, "blocked_address", "the site leaves this address out")
    SAMPLED_OUT = (Outcome.SAMPLED_OUT, "sampled_out", "not in the sample that the site keeps")
    BOT_USER_AGENT = (Outcome.BOT, "bot_user_agent", "a bot's user agent")
    NO_USER_AGENT = (Outcome.BOT, "no_user_agent", "no user agent")
    HEADLESS = (Outcome.BOT, "headless", "a headless browser")
    AUTOMATION = (Outcome.BOT, "automation", "a browser under automation")
    SUSPICIOUS = (Outcome.BOT, "suspicious", "headers that no browser sends, at a rate that no reader has")

    @property
    def outcome(self) -> Outcome:
        return self.value[0]

    @property
    def text(self) -> str:
        return self.value[2]

    def __str__(self) -> str:
        return self.value[1]


class Drop(NamedTuple):
    """What a pipeline step returns in place of the event."""

    reason: Reason
    field: str = ""
    got: str = ""
    expected: str = ""  # of a schema; the other reasons say it themselves

    def sentence(self) -> str:
        text = f"expected {self.expected}" if self.expected else self.reason.text
        return ", got ".join(part for part in (text, self.got) if part)


BOT_REASONS = {str(reason): reason for reason in Reason if reason.outcome is Outcome.BOT}
