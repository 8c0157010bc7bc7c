"""When to try again. Pure."""

import hashlib
from datetime import timedelta

FIRST = timedelta(minutes=6)  # servers that greylist turn away everybody for the first five minutes
LONGEST = timedelta(hours=4)


def backoff(key: str, tries: int) -> timedelta:
    """How long to wait after so many tries: twice as long each time, and up to half as much again so that not all
    mails come back at once. The same for the same key, so that a run can be repeated."""
    doublings = max(0, min(tries, 32) - 1)
    wait = min(FIRST * (1 << doublings), LONGEST)
    share = int.from_bytes(hashlib.sha256(f"{key} {tries}".encode()).digest()[:4]) / 2**32
    return wait * (1 + share / 2)
