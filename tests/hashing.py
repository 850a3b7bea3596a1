"""Argon2 as in production, but for its cost: most tests make an account, and none is about how long that takes."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CheapArgon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 64
    parallelism = 1
