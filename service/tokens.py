"""The secret part of an address: 256 bits that nobody guesses. Only its hash is stored."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.wiring import App

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_BYTES = 32


def hashed(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A token at random."""
    return secrets.token_urlsafe(_BYTES)


def token_of(app: "App", kind: str, clinic_id: int, request_id: str, by: str) -> str:
    """The token of what a request makes: the same when it comes twice, and nobody without the secret can tell it.

    Neither it nor the request's id is stored, so that a stolen database opens no address, not even with the secret.
    """
    asked = json.dumps([kind, clinic_id, by, request_id])
    return base64.urlsafe_b64encode(hmac.digest(app.secret(), asked.encode(), "sha256")).rstrip(b"=").decode()


def form_mark(app: "App", token: str) -> str:
    """What the forms of the page behind a token carry: whoever has not read the page can't send one."""
    return hmac.new(app.secret(), f"page-form|{token}".encode(), "sha256").hexdigest()
