"""The tokens of other programs: made, shown once, listed with their last use, revoked."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from scheduler.dates import parse_date
from scheduler.errors import InvalidValue
from service.api_tokens import MAX_NAME, list_api_tokens, new_api_token, revoke_api_token
from service.users import Role, SessionUser
from web.forms import Faults, Field, Form, Input, Option, beside, missing_faults
from web.render import Site, TheSite
from web.session import Administrator, CheckedForm
from web.speaking import later
from web.words import word

router = APIRouter()

HINTS = later(
    {
        Role.NURSE: "Reads, and records.",
        Role.PRESCRIBER: "The same as a nurse.",
        Role.CLINIC_ADMIN: "The same: settings and users stay with people.",
        Role.AUDITOR: "Reads everything and the audit, changes nothing.",
    }
)
FIELDS = (
    Field(
        name="program",
        label="Name of the program",
        hint="It stands in the audit, and is used once.",
        missing="Give the program a name.",
        length=MAX_NAME,
    ),
    Field(
        name="role",
        label="Role",
        input=Input.RADIO,
        missing="Choose what the program may do.",
        options=tuple(Option(value=role.value, label=word(role), hint=hint) for role, hint in HINTS.items()),
    ),
    Field(name="expires", label="Last day", input=Input.DATE, hint="Empty: until somebody revokes it."),
)


@router.api_route("/settings/tokens", methods=["GET", "HEAD"])
def tokens(site: TheSite, who: Administrator) -> Response:
    """All tokens of the clinic, and the form that makes another."""
    return _show(site, who, Form())


@router.post("/settings/tokens")
def make(site: TheSite, who: Administrator, form: CheckedForm) -> Response:
    """Makes a token for a program and shows it, this once."""
    if form.text("step") == "edit":
        return _show(site, who, form)
    faults = missing_faults(FIELDS, form)
    if faults:
        return _show(site, who, form, faults=faults)
    name, day = form.text("program"), form.text("expires")
    try:
        expires = parse_date(day, field="expires") if day else None
        role, clinic_id = Role(form.text("role")), who.user.clinic_id
        made = new_api_token(site.app, name, role=role, expires=expires, by=who.user.name, clinic_id=clinic_id)
    except InvalidValue as refused:
        field = "program" if refused.field == "name" else refused.field
        return _show(site, who, form, faults={field: beside(refused.field, refused)})
    return _show(site, who, Form(), made=(name, made))


@router.post("/settings/tokens/revoke")
def revoke(site: TheSite, who: Administrator, form: CheckedForm) -> Response:
    """Ends a token at once."""
    revoke_api_token(site.app, form.text("program"), by=who.user.name, clinic_id=who.user.clinic_id)
    return RedirectResponse("/settings/tokens", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _show(
    site: Site, who: SessionUser, form: Form, *, faults: Faults | None = None, made: tuple[str, str] | None = None
) -> Response:
    lines = list_api_tokens(site.app, clinic_id=who.user.clinic_id)
    status = 422 if faults else 200
    return site.page(
        "tokens.html", status=status, who=who, lines=lines, fields=FIELDS, form=form, faults=faults or {}, made=made
    )
