from typing import Any

from django.http import HttpRequest

from accounts.access import get_site_role, visible_sites


def shell(request: HttpRequest) -> dict[str, Any]:
    """What the frame of every page needs: the person's sites, the one that is looked at, and the role there."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    match = request.resolver_match
    site_id = match.kwargs.get("site_id") if match else None
    sites = list(visible_sites(user))
    teams = list(user.teams.order_by("pk"))
    current = next((site for site in sites if site.pk == site_id), None)
    role = get_site_role(user, current) if current else None
    return {
        "shell_sites": sites,
        "shell_site": current,
        "shell_role": role,
        "shell_page": match.url_name if match else "",
        "shell_team": teams[0] if teams else None,
        "shell_teams": [team.pk for team in teams],
    }
