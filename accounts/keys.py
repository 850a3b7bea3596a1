"""Who calls the REST API."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.timezone import now

from accounts.access import LEAST, NAMES, get_role, get_site_role, member_sites, reach_site, reach_team
from accounts.audit import Action, do_record
from accounts.key_use import count, do_keep
from accounts.models import ApiKey, Role, Site, Team, User, hash_token

SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """A key in use: its maker's rights, narrowed to its team and its scopes."""

    user: User
    team_id: int
    scopes: frozenset[str]
    key_id: int = 0

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def sites(self) -> list[Site]:
        return list(member_sites(self.user).filter(team_id=self.team_id))

    def access_site(self, site_id: int, role: Role = LEAST) -> Site:
        """Raises Http404 for a site of another team, even where the maker is a member there too."""
        site = reach_site(self.user, site_id, role)
        if site.team_id != self.team_id:
            raise Http404("There is no such site.")
        return site

    def sees_names(self, site: Site) -> bool:
        held = get_site_role(self.user, site)
        return held is not None and held.rank >= NAMES.rank

    def access_team(self, role: Role) -> Team:
        return reach_team(self.user, self.team_id, role)


def get_caller(token: str, request: HttpRequest | None = None) -> Caller | None:
    """None for a key that is unknown, expired, or whose maker left the team or is inactive."""
    alive = Q(expires_at=None) | Q(expires_at__gt=now())
    key = ApiKey.objects.filter(alive, key_hash=hash_token(token)).select_related("user", "team").first()
    if key is None or get_role(key.user, key.team_id) is None:
        return None
    caller = Caller(key.user, key.team_id, frozenset(key.scopes), key.pk)
    count(key.pk)
    if key.last_used_at is None or key.last_used_at < now() - SEEN_EVERY:
        do_note_use(key, caller, request)
    return caller


def do_note_use(key: ApiKey, caller: Caller, request: HttpRequest | None) -> None:
    first = ApiKey.objects.filter(pk=key.pk, last_used_at=None).update(last_used_at=now())
    if not first:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now())
    do_keep(key.pk)
    if first:
        do_record(caller, Action.KEY_FIRST_USED, key.team, target=str(key), request=request)
