from django.urls import path
from django.views.generic import RedirectView

from accounts.views import collection, entry, profile, sites, team, tracker

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="sites"), name="home"),
    path("setup", entry.setup, name="setup"),
    path("login", entry.log_in, name="login"),
    path("logout", entry.log_out, name="logout"),
    path("password/forgot", entry.forgot, name="forgot"),
    path("password/reset/<str:uid>/<str:token>", entry.reset, name="reset"),
    path("account", profile.account, name="account"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new", sites.new_site, name="new-site"),
    path("sites/demo", sites.demo_site, name="demo-site"),
    path("sites/<int:site_id>/installation", sites.installation, name="installation"),
    path("sites/<int:site_id>/settings", sites.settings, name="settings"),
    path("sites/<int:site_id>/settings/tracking", collection.tracking, name="settings-tracking"),
    path("sites/<int:site_id>/settings/filters", collection.filters, name="settings-filters"),
    path("sites/<int:site_id>/settings/events", collection.event_types, name="settings-events"),
    path("sites/<int:site_id>/settings/events/new", collection.event_type, name="new-event-type"),
    path("sites/<int:site_id>/settings/events/<int:schema_id>", collection.event_type, name="event-type-of-site"),
    path(
        "sites/<int:site_id>/settings/events/<int:schema_id>/delete",
        collection.delete_event_type,
        name="delete-event-type",
    ),
    path("sites/<int:site_id>/secret", sites.renew_secret, name="renew-secret"),
    path("sites/<int:site_id>/transfer", sites.transfer, name="transfer"),
    path("sites/<int:site_id>/delete", sites.delete, name="delete-site"),
    path("team/<int:team_id>", team.team, name="team"),
    path("team/<int:team_id>/name", team.rename, name="rename-team"),
    path("team/<int:team_id>/invitations", team.invite, name="invite"),
    path("team/<int:team_id>/invitations/<int:invitation_id>/revoke", team.revoke_invitation, name="revoke-invitation"),
    path("team/<int:team_id>/members/<int:membership_id>/role", team.change_role, name="change-role"),
    path("team/<int:team_id>/members/<int:membership_id>/remove", team.remove, name="remove-member"),
    path("team/<int:team_id>/keys", team.new_key, name="new-key"),
    path("team/<int:team_id>/keys/<int:key_id>/revoke", team.revoke_key, name="revoke-key"),
    path("invitations/<str:token>", team.invitation, name="invitation"),
    path("js/footfall.js", tracker.core, name="tracker"),
    path("js/config/<str:site_key>.js", tracker.config, name="tracker-config"),
]
