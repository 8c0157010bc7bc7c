"""The token of the page that stops a recipient's mails: a message's id that nobody reads or makes up. Pure.

The mark is an HMAC of the message's id and of whose message it is. It also hides the id, so that the token shows
neither an address nor a number that could be counted up; and an id that a restored backup gave to somebody else's
message no longer fits its mark.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
MARK = 16  # octets: 128 bits
ID = 8
LIMIT = 2**63  # beyond it no database numbers a row


def make_token(secret: bytes, message_id: int, course_id: UUID, recipient: str) -> str:
    """The token of a message to that recipient of the course: 32 characters that an address may hold."""
    mark = _mark(secret, message_id, course_id, recipient)
    return urlsafe_b64encode(mark + _hidden(secret, mark, message_id.to_bytes(ID))).decode("ascii")


def message_id_of(secret: bytes, token: str) -> int | None:
    """The id that the token claims; None for one of a wrong shape. Only `is_genuine` says whether it is true."""
    if not TOKEN.fullmatch(token):
        return None
    octets = urlsafe_b64decode(token)
    id_ = int.from_bytes(_hidden(secret, octets[:MARK], octets[MARK:]))
    return id_ if id_ < LIMIT else None


def is_genuine(secret: bytes, token: str, message_id: int, course_id: UUID, recipient: str) -> bool:
    """Whether this service made the token for a message of that id to that recipient."""
    return hmac.compare_digest(token, make_token(secret, message_id, course_id, recipient))


# ---------------------------------------------------------------------------------------------------------------------


def _mark(secret: bytes, message_id: int, course_id: UUID, recipient: str) -> bytes:
    text = f"unsubscribe|{message_id}|{course_id}|{recipient}"
    return hmac.digest(secret, text.encode(), "sha256")[:MARK]


def _hidden(secret: bytes, mark: bytes, octets: bytes) -> bytes:
    """The octets hidden, or shown again: each mark hides in a way of its own."""
    pad = hmac.digest(secret, b"unsubscribe-id|" + mark, "sha256")
    return bytes(octet ^ other for octet, other in zip(octets, pad, strict=False))
