"""Slowing down guesses: a count per name in the cache, which forgets by itself."""

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

from accounts.address import client_address


def name_of(request: HttpRequest, purpose: str, who: str) -> str:
    """Hashed, so that no address and no e-mail stands in the cache."""
    return hashed(purpose, f"{client_address(request)}|{who.strip().lower()}")


def hashed(purpose: str, text: str) -> str:
    return f"throttle:{purpose}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def is_throttled(name: str, most: int) -> bool:
    return int(cache.get(name, 0)) >= most


def count(name: str, seconds: int) -> None:
    cache.add(name, 0, seconds)
    try:
        cache.incr(name)
    except ValueError:  # forgotten in between
        cache.set(name, 1, seconds)


def take(name: str, most: int, seconds: int) -> bool:
    """Count one attempt and say whether it may go on; counted first, so that attempts at once do not slip through."""
    cache.add(name, 0, seconds)
    try:
        return int(cache.incr(name)) <= most
    except ValueError:  # forgotten in between
        cache.set(name, 1, seconds)
        return True


def forget(name: str) -> None:
    cache.delete(name)
