from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from accounts.models import Site


@require_GET
def config(request: HttpRequest, site_key: str) -> JsonResponse:
    """What the script has to know of a site; public, like the key."""
    site = Site.objects.filter(site_key=site_key).first()
    if site is None:
        response = JsonResponse({"error": {"code": "unknown_key", "message": "There is no such site."}}, status=404)
    else:
        response = JsonResponse({"honour_dnt": site.honour_dnt, "honour_gpc": site.honour_gpc})
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=300"
    return response
