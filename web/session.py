"""Who is signed in: the session's cookie, the rights that a page asks for, and the token in every form."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.audit import course_viewed
from service.sessions import session_user
from service.users import SessionUser
from web.forms import Form, posted
from web.render import Site, TheSite
from web.rights import Right, has_right
from web.speaking import later, speak

MAX_TOKEN = 200


class SignInNeeded(Exception):
    """Nobody is signed in; `next_path` is the page to come back to. `lost`: a form was sent, and nothing was stored."""

    def __init__(self, next_path: str, *, lost: bool = False) -> None:
        super().__init__(next_path)
        self.next_path = next_path
        self.lost = lost


class StaleForm(HTTPException):
    """A form without the session's token."""

    def __init__(self) -> None:
        sentence = later(
            "This form belongs to an earlier sign-in, so nothing was stored. Open the page again and send it anew."
        )
        super().__init__(403, sentence)


def session_cookie(site: Site) -> str:
    """The name of the session's cookie. Browsers bind a `__Host-` cookie to this host and to https."""
    return "__Host-session" if site.secure else "infusions_session"


def sign_in_cookie(site: Site) -> str:
    """The name of the cookie that stands for the token in the sign-in form."""
    return "__Host-sign-in" if site.secure else "infusions_sign_in"


def set_cookie(response: Response, site: Site, name: str, value: str) -> None:
    """A cookie for this host, out of the reach of scripts, gone with the browser."""
    response.set_cookie(name, value, path="/", secure=site.secure, httponly=True, samesite="lax")


def drop_cookie(response: Response, site: Site, name: str) -> None:
    """Takes the cookie away."""
    response.delete_cookie(name, path="/", secure=site.secure, httponly=True, samesite="lax")


def new_token() -> str:
    """128 random bits for the sign-in form."""
    return secrets.token_urlsafe(16)


def same_token(given: str, expected: str) -> bool:
    """Compares without telling by its time how much was right."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def signed_in(request: Request, site: TheSite) -> SessionUser:
    """Who is signed in; SignInNeeded when nobody is."""
    token = request.cookies.get(session_cookie(site), "")
    found = session_user(site.app, token) if 0 < len(token) <= MAX_TOKEN else None
    if found is None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.method in {"GET", "HEAD"}:
            raise SignInNeeded(path)
        raise SignInNeeded(request.url.path, lost=request.url.path != "/sign-out")
    site.turn_to(found.user.clinic_id)
    speak(found.user.language)
    return found


REFUSED = later(
    {
        Right.VIEW: "Your role sees no patients.",
        Right.RECORD: "Your role reads only. Ask a nurse or prescriber to record this.",
        Right.PEOPLE: "Only administrators of the clinic see this page.",
        Right.SETTINGS: "Only administrators of the clinic see this page.",
        Right.EXPORT: "Only administrators of the clinic give out all courses.",
        Right.AUDIT: "Only auditors of the clinic see this page.",
    }
)
SignedIn = Annotated[SessionUser, Depends(signed_in)]


@dataclass(frozen=True, slots=True)
class May:
    """A dependency: who is signed in and has the right; else 403."""

    right: Right

    def __call__(self, request: Request, site: TheSite, who: SignedIn) -> SessionUser:
        """Who is signed in. That they saw a patient's course is noted before it is shown."""
        if not has_right(who.user.role, self.right):
            raise HTTPException(403, REFUSED[self.right])
        if request.method in {"GET", "HEAD"} and "course_id" in request.path_params:
            course_viewed(site.app, request.path_params["course_id"], by=who.user.name, clinic_id=who.user.clinic_id)
        return who


Viewer = Annotated[SessionUser, Depends(May(Right.VIEW))]
Recorder = Annotated[SessionUser, Depends(May(Right.RECORD))]
Administrator = Annotated[SessionUser, Depends(May(Right.PEOPLE))]
SettingsAdmin = Annotated[SessionUser, Depends(May(Right.SETTINGS))]
Auditor = Annotated[SessionUser, Depends(May(Right.AUDIT))]


async def with_token(request: Request, who: SignedIn) -> Form:
    """The posted form, once it has shown the session's token. Nobody's form is read before it is known who sends it."""
    form = await posted(request)
    if not same_token(form.raw("token"), who.csrf_token):
        raise StaleForm
    return form


CheckedForm = Annotated[Form, Depends(with_token)]
WithToken = Depends(with_token)  # for a form that holds nothing else
