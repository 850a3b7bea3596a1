"""The audit log's chain: what is altered by hand is found, and named."""

import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from django.utils.timezone import now

from accounts.address import truncate_address
from accounts.audit import Action, do_record, do_trim
from accounts.audit_models import AuditEntry, AuditHead
from accounts.audit_verify import verify

pytestmark = pytest.mark.django_db
TRIGGERS = {
    "sqlite": ("DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_deleted"),
    "postgresql": ("DROP TRIGGER audit_is_only_added_to ON accounts_auditentry",),
}


@pytest.fixture
def log(alice, team):
    for i in range(1, 7):
        do_record(alice, Action.TEAM_CHANGED, team, target=f"n{i}", before={"name": "a"}, after={"name": f"é{i}"})
    return AuditEntry.objects.count()


def sql(text, *values):
    with connection.cursor() as cursor:
        cursor.execute(text, values)


@pytest.fixture
def unguarded():
    for statement in TRIGGERS[connection.vendor]:
        sql(statement)


def found():
    verdict = verify()
    return verdict.number, verdict.problem


def test_a_whole_log_verifies(log):
    out = StringIO()
    call_command("verifyaudit", stdout=out)
    head = out.getvalue().split("Head: ")[1].strip()
    assert f"{log} entries" in out.getvalue()
    do_record(None, Action.SIGN_IN_FAILED, target="x@example.com")
    call_command("verifyaudit", "--head", head)
    with pytest.raises(CommandError, match="not the one that was known"):
        call_command("verifyaudit", "--head", head[:-1] + ("0" if head[-1] != "0" else "1"))


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_auditentry SET actor = 'eve'", "DELETE FROM accounts_auditentry"]
)
def test_the_database_refuses(log, statement):
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        sql(f"{statement} WHERE number = 3")
    for act in (lambda e: e.save(), lambda e: e.delete(), lambda e: AuditEntry.objects.filter(pk=e.pk).update(actor="eve"),
                lambda e: AuditEntry.objects.all().delete()):  # fmt: skip
        with pytest.raises(TypeError):
            act(AuditEntry.objects.get(pk=3))
    assert found() == (None, "")


@pytest.mark.parametrize(
    "column", ["action", "actor", "target", "address", "changes", "hash", "previous", "actor_id", "team_id", "at"]
)
def test_an_altered_row_is_named(log, unguarded, column):
    value = {"actor_id": 99, "team_id": 99, "at": now() - timedelta(days=3)}.get(column, "eve")
    sql(f"UPDATE accounts_auditentry SET {column} = %s WHERE number = 4", value)
    number, problem = found()
    assert number == 4 and "altered" in problem
    with pytest.raises(CommandError, match="Entry 4 was altered"):
        call_command("verifyaudit")


def test_a_row_altered_with_its_hash_is_named(log, unguarded):
    from accounts.audit import hash_of

    entry = AuditEntry.objects.get(pk=4)
    entry.actor = "eve"
    sql("UPDATE accounts_auditentry SET actor = 'eve', hash = %s WHERE number = 4", hash_of(entry))
    assert found()[0] == 4


def test_a_chain_written_anew_is_found_by_the_signed_head(log, unguarded):
    from accounts.audit import hash_of

    previous = AuditEntry.objects.get(pk=3).hash
    for entry in AuditEntry.objects.filter(pk__gt=3):
        entry.actor, entry.previous = "eve", previous
        previous = hash_of(entry)
        sql(
            "UPDATE accounts_auditentry SET actor = 'eve', previous = %s, hash = %s WHERE number = %s",
            entry.previous,
            previous,
            entry.pk,
        )
    assert found()[1]
    AuditHead.objects.update(hash=previous)
    assert "signature" in found()[1]
    do_record(None, Action.SIGN_IN_FAILED)
    assert "signature" in found()[1], "writing on does not make it good"
    call_command("verifyaudit", "--accept", stdout=StringIO())
    assert found() == (None, "")


def test_missing_rows_and_a_missing_end_are_named(log, unguarded):
    with transaction.atomic():
        sql("DELETE FROM accounts_auditentry WHERE number = 2")
        assert found() == (2, "Entry 2 is missing.")
        transaction.set_rollback(True)


def test_a_missing_end_is_named(log, unguarded):
    sql("DELETE FROM accounts_auditentry WHERE number >= %s", log - 1)
    assert found()[0] == log - 1 and "cut off" in found()[1]
    do_record(None, Action.SIGN_IN_FAILED)
    assert found()[0] == log - 1, "going on does not hide it"


def test_an_added_row_and_a_missing_head_are_found(log, unguarded):
    last = AuditEntry.objects.get(pk=log)
    last.pk, last._state.adding = log + 1, True
    last.save()
    assert found()[0] == log + 1
    AuditHead.objects.all().delete()
    assert "head" in found()[1]


def test_retention_drops_the_oldest_and_the_rest_verifies(log, unguarded, settings):
    settings.AUDIT_DAYS = 30
    assert do_trim() == 0
    assert do_trim(moment=now() + timedelta(days=29)) == 0
    before = AuditEntry.objects.count()
    kept = do_record(None, Action.SIGN_IN_FAILED, target="young")
    AuditEntry.objects.count()
    limit = kept.at + timedelta(days=30)
    assert do_trim(moment=limit) == before
    numbers = list(AuditEntry.objects.values_list("number", "action"))
    assert numbers == [(kept.number, "sign_in_failed"), (kept.number + 1, "audit_trimmed")]
    assert found() == (None, "")
    sql("UPDATE accounts_auditentry SET target = 'old' WHERE number = %s", kept.number)
    assert found()[0] == kept.number


def test_retention_passes_the_guards_of_the_database(log):
    assert do_trim(days=0, moment=now() + timedelta(seconds=1)) == log
    assert found() == (None, "")


def test_secrets_and_addresses_are_cut(alice, team):
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.77")
    entry = do_record(
        alice, Action.SETTINGS_CHANGED, team, request=request,
        before={"password": "hunter2", "old_secret_hash": "aa", "days": 3}, after={"list": [1, {"token": "t0p"}], "x": "\x00y" * 900},
    )  # fmt: skip
    entry.refresh_from_db()
    assert entry.address == "198.51.100.0/24"
    assert "hunter2" not in entry.changes and "t0p" not in entry.changes and '"days":3' in entry.changes
    assert len(entry.changes) < 7000 and found() == (None, "")


@pytest.mark.parametrize(("address", "kept"), [
    ("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1::/48"), ("::ffff:203.0.113.9", "203.0.113.0/24"),
    ("fe80::1%eth0", "fe80::/48"), ("", ""), ("unix:", ""),
])  # fmt: skip
def test_addresses_are_truncated(address, kept):
    assert truncate_address(address) == kept


WRITER = """
import sys, django
django.setup()
from accounts.audit import Action, do_record
for i in range(25):
    do_record("test", Action.SIGN_IN, target=f"{sys.argv[1]}-{i}")
"""
CHECK = """
import django
django.setup()
from accounts.audit_models import AuditEntry
from accounts.audit_verify import verify
print(AuditEntry.objects.count(), verify().problem or "whole")
"""
MIGRATE = """
import django
django.setup()
from django.core.management import call_command
from django.core.management.commands.migrate import Command
call_command(Command(), verbosity=0)
"""


def test_several_processes_write_one_chain(tmp_path):
    environment = {**os.environ, "FOOTFALL_DATA_DIR": str(tmp_path)}

    def run(text, *arguments):
        return subprocess.Popen([sys.executable, "-c", text, *arguments], env=environment, stdout=subprocess.PIPE)

    assert run(MIGRATE).wait() == 0
    writers = [run(WRITER, str(i)) for i in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert run(CHECK).communicate()[0].decode().strip() == "100 whole"
