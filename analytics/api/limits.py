"""How often a key may ask, and answers that have not changed."""

import hashlib
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.http import parse_etags
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.keys import Caller

MINUTE = 60


class PerKey(BaseThrottle):
    """So many requests in each minute of the clock. Where the counter cannot be reached, everybody may."""

    def allow_request(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, Caller):
            return True
        now = time.time()
        self.left = MINUTE - now % MINUTE
        name = f"api:{request.auth.key_id}:{int(now // MINUTE)}"
        try:
            cache.add(name, 0, 2 * MINUTE)
            used = cache.incr(name)
        except (RedisError, ValueError, OSError):
            return True
        request.allowance = {  # type: ignore[attr-defined]
            "X-RateLimit-Limit": str(settings.API_RATE), "X-RateLimit-Remaining": str(max(0, settings.API_RATE - used)),
            "X-RateLimit-Reset": str(int(self.left) + 1),
        }  # fmt: skip
        return bool(used <= settings.API_RATE)

    def wait(self) -> float:
        return int(self.left) + 1


def tagged(request: Request, response: Any) -> Any:
    if request.method != "GET" or not isinstance(response, Response) or response.status_code != 200:
        return response
    response.render()
    tag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in asked or tag in [other.removeprefix("W/") for other in asked]:  # weak once it was packed on its way
        response = Response(status=304)
        response.accepted_renderer, response.accepted_media_type = request.accepted_renderer, "application/json"
        response.renderer_context = {}
        for name, value in getattr(request, "allowance", {}).items():
            response.headers[name] = value
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
