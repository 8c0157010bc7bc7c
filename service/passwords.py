"""Passwords: what is stored of one, and whether one is right."""

import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from scheduler.errors import InvalidValue

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200  # hashing a megabyte would keep the server busy


@cache
def of_nobody() -> str:
    """The hash of a password that nobody knows: checking one against it takes as long as against a real one."""
    return _hasher().hash(secrets.token_urlsafe(32))


def hash_of(password: str) -> str:
    """What is stored of a password; InvalidValue for one that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = f"password: must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; choose another"
        raise InvalidValue(message, field="password")
    return _hasher().hash(unicodedata.normalize("NFKC", password))


def verify(password: str, hashed: str) -> bool:
    """Whether that is the password."""
    return _hasher().verify(unicodedata.normalize("NFKC", password[:LONGEST_PASSWORD]), hashed)


# ---------------------------------------------------------------------------------------------------------------------


@cache
def _hasher() -> "PasswordHash":
    from pwdlib import PasswordHash  # 50 ms that only these few commands need
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash((Argon2Hasher(),))
