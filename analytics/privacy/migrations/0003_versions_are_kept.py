"""The database itself refuses to change a version of settings or texts: it is evidence of what held when somebody agreed."""

from django.db import migrations

TABLES = ("privacy_settingsversion", "privacy_consenttext")
WHY = "Versions are written once."
FUNCTION = f"""CREATE FUNCTION versions_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{WHY}'; END $$"""


def add_triggers(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    if vendor == "postgresql":
        schema_editor.execute(FUNCTION)
    for table in TABLES:
        if vendor == "sqlite":
            schema_editor.execute(
                f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
            )
        elif vendor == "postgresql":
            schema_editor.execute(
                f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION versions_are_kept()"
            )


def drop_triggers(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table in TABLES:
        schema_editor.execute(f"DROP TRIGGER {table}_is_kept" + (f" ON {table}" if vendor == "postgresql" else ""))
    if vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION versions_are_kept()")


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_consent")]

    operations = [migrations.RunPython(add_triggers, drop_triggers)]
