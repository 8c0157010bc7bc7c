"""One's own password: set by a link that works once, or changed."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue
from service import sign_in_limits
from service.loading import NotFound
from service.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from service.sign_in_limits import TooManyFailures
from service.users import (
    SessionUser,
    change_password,
    set_language,
    use_password_link,
    user_of_link,
)
from web.forms import Faults, Field, Form, Input, Posted, beside, form_from, missing_faults
from web.pages.sign_in import CHECKS_AT_ONCE
from web.render import Site, TheSite
from web.session import CheckedForm, SignedIn
from web.speaking import later, say, speak
from web.staff_language import language_field

router = APIRouter()

MAX_TOKEN = 200
TOO_OFTEN = later("This was not your password too often. Wait a quarter of an hour, then try again.")
CURRENT = Field(
    name="current",
    label="Your password now",
    input=Input.PASSWORD,
    missing="Type the password that you have now.",
    autocomplete="current-password",
)


@router.api_route("/welcome/{token}", methods=["GET", "HEAD"])
def welcome(token: str, site: TheSite) -> Response:
    """The form by which an invited person, or one who lost their password, sets one."""
    user = user_of_link(site.app, token) if len(token) <= MAX_TOKEN else None
    if user is None:
        return site.page("welcome.html", status=404, user=None)
    site.turn_to(user.clinic_id)
    speak(user.language)
    return site.page("welcome.html", user=user, token=token, fields=_new(), form=Form(), faults={})


@router.post("/welcome/{token}")
def choose(token: str, site: TheSite, form: Posted) -> Response:
    """Sets the password; the link works no more."""
    user = user_of_link(site.app, token) if len(token) <= MAX_TOKEN else None
    if user is None:
        return site.page("welcome.html", status=404, user=None)
    site.turn_to(user.clinic_id)
    speak(user.language)
    faults = _faults(form, _new())
    try:
        if not faults:
            with CHECKS_AT_ONCE:
                use_password_link(site.app, token, form.raw("new"))
            return RedirectResponse("/sign-in?welcome", 303)
    except NotFound:
        return site.page("welcome.html", status=404, user=None)
    except InvalidValue as refused:
        faults = {"new": beside("password", refused)}
    return site.page("welcome.html", status=422, user=user, token=token, fields=_new(), form=Form(), faults=faults)


@router.api_route("/account", methods=["GET", "HEAD"])
def account(request: Request, site: TheSite, who: SignedIn) -> Response:
    """The forms that change one's own password and the language of one's pages."""
    return _account(site, who, stored="stored" in request.query_params)


@router.post("/account/language")
def change_language(site: TheSite, who: SignedIn, form: CheckedForm) -> Response:
    """From here on this person's pages are in the chosen language."""
    faults = missing_faults((language_field(),), form)
    if faults:
        return _account(site, who, language_faults=faults)
    set_language(site.app, who.user, form.text("language"))
    return RedirectResponse("/account?stored", 303)


@router.post("/account")
def change(request: Request, site: TheSite, who: SignedIn, form: CheckedForm) -> Response:
    """Changes it; every sign-in of this person ends, this one too. Who guesses at the password now has to wait."""
    faults = _faults(form, (CURRENT, *_new()))
    if faults:
        return _account(site, who, faults)
    try:
        tried = sign_in_limits.begin(site.app, who.user.name, request.client.host if request.client else "")
    except TooManyFailures:
        return _account(site, who, {"current": TOO_OFTEN}, status=429)
    try:
        with CHECKS_AT_ONCE:
            change_password(site.app, who.user, form.raw("current"), form.raw("new"))
    except InvalidValue as refused:
        if refused.field == "current":
            sign_in_limits.failed(site.app, tried)
            return _account(site, who, {"current": beside("current", refused)})
        sign_in_limits.passed(site.app, tried)
        return _account(site, who, {"new": beside(refused.field or "", refused)})
    sign_in_limits.passed(site.app, tried)
    return RedirectResponse("/sign-in?welcome", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _new() -> tuple[Field, ...]:
    hint = later("{least} to {most} characters. A short sentence is easy to keep in mind.")
    return (
        Field(
            name="new",
            label="New password",
            input=Input.PASSWORD,
            hint=say(hint, least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD),
            missing="Type a new password.",
            autocomplete="new-password",
        ),
        Field(
            name="again",
            label="The same again",
            input=Input.PASSWORD,
            missing="Type the new password again.",
            autocomplete="new-password",
        ),
    )


def _account(
    site: Site,
    who: SessionUser,
    faults: Faults | None = None,
    *,
    status: int = 422,
    language_faults: Faults | None = None,
    stored: bool = False,
) -> Response:
    return site.page(
        "account.html",
        status=status if faults or language_faults else 200,
        who=who,
        fields=(CURRENT, *_new()),
        form=Form(),
        faults=faults or {},
        language=language_field(),
        chosen=form_from({"language": who.user.language}),
        language_faults=language_faults or {},
        stored=stored,
    )


def _faults(form: Form, fields: tuple[Field, ...]) -> Faults:
    faults = missing_faults(fields, form)
    if not faults and form.raw("new") != form.raw("again"):
        return {"again": later("The two new passwords are not the same. Type both again.")}
    return faults
