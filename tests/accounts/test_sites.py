import gzip
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Role, Site
from analytics.privacy.models import Retention
from tests.accounts.conftest import PASSWORD, grow_stale

pytestmark = pytest.mark.django_db
FORM = {"domain": "https://Shop.Example/path", "timezone": "Europe/Berlin", "currency": "EUR"}
PAGES = ["executive", "executive/panels/headline", "executive/panels/series", "executive/panels/pages", "live", "live/now",
         "executive/details/path", "sparkline", "installation", "installation/status", ""]  # fmt: skip
ADMIN_PAGES = ["settings"]
ADMIN_POSTS = ["settings", "secret"]
OWNER_POSTS = ["transfer", "delete"]


def test_adding_a_site(alice, login):
    client = login(alice)
    assert b"Add your first site" in client.get("/sites/").content
    bad = client.post("/sites/new", FORM | {"domain": "not a domain", "timezone": "Mars"})
    assert b"expected a host name" in bad.content and not Site.objects.exists()
    made = client.post("/sites/new", FORM)
    site = Site.objects.get()
    assert made.url == f"/sites/{site.pk}/installation" and (site.domain, site.timezone) == (
        "shop.example",
        "Europe/Berlin",
    )
    page = client.get(made.url).content.decode()
    assert f"data-site=&quot;{site.site_key}&quot;" in page and "ffs_" in page
    assert "ffs_" not in client.get(made.url).content.decode()  # shown once
    assert b"has a site with this domain" in client.post("/sites/new", FORM).content


def test_a_team_that_cannot_be_is_not_found(alice, site, login):
    client, endless = login(alice), "1" * 5000
    assert client.get("/sites/new", {"team": endless}).status_code == 404
    assert client.post(f"/sites/{site.pk}/transfer", {"team": endless}).status_code == 404


def test_the_first_event_turns_the_check_green(alice, login, site, post, drain):
    from tests.conftest import event

    client, path = login(alice), f"/sites/{site.pk}/installation/status"
    assert b"Waiting for the first event" in client.get(path).content
    post({"site": site.site_key, "events": [event()]})
    drain()
    answer = client.get(path)
    assert answer.status_code == 286 and b"has arrived" in answer.content


@pytest.mark.parametrize("role", [None, *Role])
def test_who_may_what(alice, bob, charlie, site, login, role):
    """Every page and post of a site: strangers get 404, members too low a 403."""
    user = bob if role else charlie
    if role:
        bob.memberships.update(role=role)
    client = login(user)

    def expect(needed):
        return 404 if role is None else 403 if role.rank < needed.rank else None

    for page in PAGES + ADMIN_PAGES:
        needed = Role.ADMIN if page in ADMIN_PAGES else Role.VIEWER if "live" in page else Role.MARKETING
        status = client.get(f"/sites/{site.pk}/{page}").status_code
        assert status == expect(needed) or (expect(needed) is None and status in (200, 286, 302)), (page, status)
    for action in ADMIN_POSTS + OWNER_POSTS:
        needed = Role.OWNER if action in OWNER_POSTS else Role.ADMIN
        status = client.post(f"/sites/{site.pk}/{action}", {}).status_code
        refused = expect(needed)
        if action == "transfer" and refused is None:
            refused = 404  # no team named
        assert status == refused or (refused is None and status in (200, 302)), (action, status)
    assert Site.objects.filter(pk=site.pk).exists()


def test_nobody_logged_in_sees_nothing(site):
    for page in PAGES + ADMIN_PAGES:
        assert Client().get(f"/sites/{site.pk}/{page}").url.startswith("/login")


def test_sites_are_reached_through_the_door_only():
    """`Site.objects` stands under accounts/ alone; everybody else asks accounts.access."""
    root = Path(__file__).parents[2]
    files = [path for name in ("analytics", "dashboards", "ingestion") for path in (root / name).rglob("*.py")]
    assert files and not [path for path in files if "Site.objects" in path.read_text()]


def test_a_team_that_is_no_number_is_no_team(alice, site, login):
    for named in ("²", "-1", "9" * 30):
        assert login(alice).post(f"/sites/{site.pk}/transfer", {"team": named}).status_code == 404


def test_settings_are_kept(alice, login, site):
    client = login(alice)
    form = {
        "domain": "new.example",
        "timezone": "Asia/Kathmandu",
        "currency": "USD",
        "session_gap_minutes": 45,
    }
    assert client.post(f"/sites/{site.pk}/settings", form).status_code == 302
    site.refresh_from_db()
    assert (site.domain, site.session_gap_minutes) == ("new.example", 45)


def test_the_script_and_its_configuration(site):
    core = Client().get("/js/footfall.js", headers={"Accept-Encoding": "gzip, br"})
    assert (
        core["Content-Encoding"] == "gzip" and len(core.content) < 3600 and core["Access-Control-Allow-Origin"] == "*"
    )
    assert gzip.decompress(core.content) == Client().get("/js/footfall.js").content
    assert Client().get("/js/footfall.js", headers={"If-None-Match": core["ETag"]}).status_code == 304

    site.collection.modules, site.collection.search_params = [], ["q", "</script>\u2028"]
    site.collection.save()
    config = Client().get(f"/js/config/{site.site_key}.js")
    text = config.content.decode()
    assert text.startswith('footfall("configure",{') and "</script>" not in text and "\u2028" not in text
    told = json.loads(text.removeprefix('footfall("configure",').removesuffix(");").replace("<\\/", "</"))
    assert told["honour_gpc"] is True and told["modules"] == [] and told["consent"] == "cookieless"
    assert "max-age=300" in config["Cache-Control"]

    site.collection.modules = ["clicks"]
    site.collection.save()
    assert len(Client().get(f"/js/config/{site.site_key}.js").content) > len(config.content)
    assert Client().get("/js/config/unknown.js").status_code == 404


def test_a_renewed_secret_replaces_the_old_one(alice, login, new_site, post):
    from ingestion.sites import Snapshot, known
    from tests.conftest import event

    client, site = login(alice), new_site.site
    client.post(f"/sites/{site.pk}/secret")
    page = client.get(f"/sites/{site.pk}/settings").content.decode()
    fresh = page.split("ffs_")[1][:43]
    known._snapshot = Snapshot()
    body = {"site": site.site_key, "events": [event()]}
    assert post(body, secret=new_site.ingest_secret).status == 401
    assert post(body, secret=f"ffs_{fresh}").status == 202


def test_transfer(alice, charlie, site, login):
    from accounts.models import Membership

    Membership.objects.create(team=charlie.teams.get(), user=alice, role=Role.ADMIN)
    login(alice).post(f"/sites/{site.pk}/transfer", {"team": charlie.teams.get().pk})
    site.refresh_from_db()
    assert site.team == charlie.teams.get()


def test_deleting_takes_the_events_along(alice, login, site, post, drain, stored):
    from ingestion.tasks import delete_site_data
    from tests.conftest import event, eventually

    post({"site": site.site_key, "events": [event()]})
    drain()
    client, pk = login(alice), site.pk
    client.post(f"/sites/{pk}/delete", {"domain": "wrong.example"})
    assert Site.objects.exists()
    client.post(f"/sites/{pk}/delete", {"domain": "shop.example"})
    assert not Site.objects.exists()
    delete_site_data(pk)
    eventually(lambda: not stored("event_id") and not stored("site_id", table="sessions", order="1"))


def test_commands(capsys, db):
    call_command("createowner", "dora@example.com", "--password", "long enough 42")
    with pytest.raises(CommandError, match="has an account already"):
        call_command("createowner", "dora@example.com", "--password", "long enough 42")
    with pytest.raises(CommandError, match="too short"):
        call_command("createowner", "eve@example.com", "--password", "short")
    with pytest.raises(CommandError, match="owns no team"):
        call_command("createsite", "a.example", "--owner", "eve@example.com")
    with pytest.raises(CommandError, match="expected a host name"):
        call_command("createsite", "a b", "--owner", "dora@example.com")
    capsys.readouterr()
    call_command("createsite", "a.example", "--owner", "dora@example.com", "--json")
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"id", "domain", "site_key", "ingest_secret", "api_key"}
    answer = Client().get("/api/v1/sites", headers={"Authorization": f"Bearer {made['api_key']}"})
    assert [s["id"] for s in answer.json()] == [made["id"]]


def test_keeping_data_for_less_long_asks_again(alice, site, login):
    days = {"recent": 7, "rejected": 10, "bots": 30, "counts": 400, "consents": 1095, "save": "1"}
    client, page = login(alice), f"/sites/{site.pk}/settings/privacy/retention"
    client.post(page, days | {"events": 400})
    grow_stale(client)
    client.post(page, days | {"events": 500})
    assert Retention.objects.get().days["events"] == 500, "nothing goes by keeping it for longer"
    assert b"Is it you?" in client.post(page, days | {"events": 30}).content
    assert Retention.objects.get().days["events"] == 500
    assert client.post(page, days | {"events": 30, "confirm_password": PASSWORD}).status_code == 302
    assert Retention.objects.get().days["events"] == 30
