"""What a site's owner saves is obeyed by the endpoint; what cannot be used is told beside the field."""

import json

import pytest
from django.test import Client

from accounts.actions import do_create_owner
from accounts.models import EventSchema, Membership, Role
from ingestion.sites import known
from tests.conftest import event

FILTERS = {"limit_site": "0"}
TRACKING = {
    "modules": ["clicks", "vitals"],
    "consent": "cookieless",
    "hash_users": "on",
    "traits": "plan",
    "search_params": "q",
}


@pytest.fixture
def save(site, client_in):
    """`save("filters", blocked_paths="/x")`: posts the form; the errors it shows, or nothing."""

    def post(page, **fields):
        given = {**(FILTERS if page == "filters" else TRACKING), **fields}
        answer = client_in.post(f"/sites/{site.pk}/settings/{page}", given)
        known.refresh()
        site.collection.refresh_from_db()
        if answer.status_code == 302:
            return ""
        form = answer.context["form"]
        return " ".join(text for texts in form.errors.values() for text in texts)

    return post


@pytest.fixture
def taken(site, post):
    return lambda sent, **more: post({"site": site.site_key, "events": [sent]}, **more).json()["accepted"] == 1


def test_filters_are_obeyed(site, save, taken):
    assert save("filters", hostnames="https://Shop.example/\n*.shop.example\n", blocked_paths="/admin/**", blocked_networks="198.51.100.0/24",
                blocked_countries=["FR"]) == ""  # fmt: skip
    assert site.collection.hostnames == ["shop.example", "*.shop.example"]
    assert taken(event()) and taken(event("https://a.shop.example/"))
    assert not taken(event("https://shop.example/admin/x")) and not taken(event("https://other.example/"))
    assert not taken(event(), address="198.51.100.7") and not taken(event(geo={"timezone": "Europe/Paris"}))
    assert save("filters") == "" and taken(event("https://other.example/admin/x"))


def test_sampling_and_limits_are_saved(site, save):
    assert save("filters", sampling="scroll 10\n* 50%", limit_site="500", limit_address="0") == ""
    assert site.collection.sampling == {"scroll": 10.0, "*": 50.0}
    assert (site.collection.limit_site, site.collection.limit_address) == (500, 0)
    assert save("filters") == "" and (site.collection.sampling, site.collection.limit_address) == ({}, None)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("hostnames", "shop.example\nno host", "Allowed host names: expected a host name such as shop.example or *.shop.example, got 'no host' in line 2."),
        ("blocked_paths", "admin", "Paths left out: expected a path that begins with / such as /admin/**, got 'admin' in line 1."),
        ("blocked_paths", "/*a*b*c*d*e", "expected at most 4 wildcards"),
        ("blocked_networks", "10.0.0.0/8\n300.1.1.1", "Addresses left out: expected an address or a network such as 203.0.113.7 or 203.0.113.0/24, got '300.1.1.1' in line 2."),
        ("sampling", "scroll", "expected an event type or *, a space, and a percentage"),
        ("sampling", "scroll 0", "expected an event type or *"),
        ("sampling", "scroll 101", "expected an event type or *"),
        ("blocked_countries", ["XX"], "XX is not one of the available choices"),
        ("limit_site", "-1", "greater than or equal to 0"),
        ("hostnames", "\n".join(f"a{i}.example" for i in range(51)), "expected at most 50 lines, got 51"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told(save, site, field, value, sentence):
    assert sentence in save("filters", **{field: value})
    assert site.collection.hostnames == [] and site.collection.sampling == {}


def test_tracking_is_what_the_script_is_told(site, save, post, drain, stored):
    assert (
        save(
            "tracking", consent="anonymous", bridges=["tcf"], honour_dnt="on", traits="plan\nrole", search_params="find"
        )
        == ""
    )
    text = Client().get(f"/js/config/{site.site_key}.js").content.decode().split("\n")[0]
    told = json.loads(text.removeprefix('footfall("configure",').removesuffix(");"))
    assert told["modules"] == ["clicks", "vitals", "bridges"], "a consent manager takes its module"
    assert (told["consent"], told["bridges"], told["search_params"]) == ("anonymous", ["tcf"], ["find"])
    assert (told["honour_dnt"], told["honour_gpc"]) == (True, False)
    assert "Names of the search: expected a name of letters" in save("tracking", search_params="a b")
    assert "Select a valid choice" in save("tracking", modules=["everything"])
    assert "Select a valid choice" in save("tracking", consent="maybe")
    assert save("tracking", hash_users="") == "" and site.collection.hash_users is False


def test_the_held_snippet_is_shown(site, save, client_in):
    save("tracking", consent="required")
    assert "data-consent=&quot;required&quot;" in client_in.get(f"/sites/{site.pk}/settings/tracking").content.decode()


SCHEMA = {"type": "object", "properties": {"plan": {"type": "string"}}, "required": ["plan"]}


# Each refers twice to the next: a thousand million steps for one event.
DOUBLING = {
    "allOf": [{"$ref": "#/$defs/0"}],
    "$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)} | {"30": {"type": "object"}},
}


def test_event_types(site, client_in, post):
    base = f"/sites/{site.pk}/settings/events"
    assert "No schema yet" in client_in.get(base).content.decode()
    schema = SCHEMA | {
        "properties": {"plan": {"$ref": "#/$defs/name~1plan"}},
        "$defs": {"name/plan": {"type": "string"}},
    }
    form = {"event_type": "upgrade", "mode": "strict", "schema": json.dumps(schema), "description": "<b>paid</b>"}
    assert client_in.post(f"{base}/new", form).status_code == 302
    own = EventSchema.objects.get(site=site)
    assert "&lt;b&gt;paid" in client_in.get(base).content.decode()
    known.refresh()
    body = {"site": site.site_key, "events": [event(kind="upgrade")]}
    assert post(body).json()["rejected"][0]["field"] == "event_properties.plan"
    assert "has a schema for this event type already" in client_in.post(f"{base}/new", form).content.decode()
    assert client_in.post(f"{base}/{own.pk}", {**form, "mode": "off"}).status_code == 302
    known.refresh()
    assert post(body).json()["accepted"] == 1
    assert client_in.post(f"{base}/{own.pk}/delete").status_code == 302 and not EventSchema.objects.exists()


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ("{", "expected JSON"),
        ("[]", "expected an object with"),
        ('{"type": "object", "properties": {"a": {"type": "strin"}}}', "this is no JSON Schema"),
        ('{"properties": {"a": {"$ref": "http://169.254.169.254/latest"}}}', "is not followed"),
        ("{" + '"a": {' * 200, "expected JSON"),
        (" " * 40_000, "required"),
        (json.dumps(DOUBLING), "more than 5000 parts"),
        ('{"properties": {"a": {"$ref": "#"}}}', "is not followed"),
        ('{"properties": {"a": {"$ref": "#/properties/a"}}}', "more than 5000 parts"),
        ('{"properties": {"a": {"$dynamicRef": "#x"}}}', "is not followed"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told(site, client_in, schema, sentence):
    answer = client_in.post(
        f"/sites/{site.pk}/settings/events/new", {"event_type": "a", "mode": "strict", "schema": schema}
    )
    assert sentence in answer.content.decode() and not EventSchema.objects.exists()


PAGES = ["tracking", "filters", "events", "events/new"]


@pytest.mark.parametrize("page", PAGES)
def test_only_admins_come_in(site, page):
    address = f"/sites/{site.pk}/settings/{page}"
    other = do_create_owner("val@example.com", "correct horse battery")
    own = EventSchema.objects.create(site=site, event_type="x", schema={})
    client = Client()
    assert client.get(address).status_code == 302
    client.force_login(other)
    assert client.get(address).status_code == 404
    membership = Membership.objects.create(team=site.team, user=other, role=Role.ANALYST)
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == (405 if page == "events" else 403)
    assert client.post(f"/sites/{site.pk}/settings/events/{own.pk}/delete").status_code == 403
    membership.role = Role.ADMIN
    membership.save()
    assert client.get(address).status_code == 200


def test_a_schema_of_another_site_is_not_there(site, client_in):
    from accounts.actions import do_create_site

    other = do_create_site(
        do_create_owner("val@example.com", "correct horse battery").teams.get(), "other.example"
    ).site
    own = EventSchema.objects.create(site=other, event_type="x", schema={})
    for path in (f"{own.pk}", f"{own.pk}/delete"):
        assert client_in.post(f"/sites/{site.pk}/settings/events/{path}").status_code == 404
    assert EventSchema.objects.filter(pk=own.pk).exists()
