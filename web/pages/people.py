"""The clinic's staff: invited, disabled, given a new way in. Each does it with a link that works once."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue
from service.users import Role, SessionUser, invite_user, list_users, make_password_link, set_disabled, set_role
from web.forms import Faults, Field, Form, Input, Option, beside, form_from, missing_faults
from web.render import Site, TheSite
from web.session import Administrator, CheckedForm
from web.speaking import later
from web.staff_language import language_field
from web.words import word

router = APIRouter()

HINTS = later(
    {
        Role.NURSE: "Makes and changes calendars.",
        Role.PRESCRIBER: "The same as a nurse.",
        Role.CLINIC_ADMIN: "The same, and manages settings and users.",
        Role.AUDITOR: "Reads everything and the audit, changes nothing.",
    }
)
ROLES = tuple(Option(value=role.value, label=word(role), hint=hint) for role, hint in HINTS.items())


@router.api_route("/people", methods=["GET", "HEAD"])
def people(site: TheSite, who: Administrator) -> Response:
    """All users of the clinic, and the form that invites another."""
    return _show(site, who, form_from({"language": who.user.language}))


@router.post("/people")
def invite(site: TheSite, who: Administrator, form: CheckedForm) -> Response:
    """Adds the person and shows the link for them, this once."""
    if not form.text("language"):  # as the form comes
        form = Form({**form.values, "language": (who.user.language,)})
    faults = missing_faults(_fields(), form)
    if faults:
        return _show(site, who, form, faults)
    name, clinic_id = form.text("name"), who.user.clinic_id
    try:
        role, language = Role(form.text("role")), form.text("language")
        token = invite_user(site.app, name, role, by=who.user.name, language=language, clinic_id=clinic_id)
    except InvalidValue as refused:
        return _show(site, who, form, {refused.field or "": beside(refused.field or "", refused)})
    return _show_link(site, who, name, token)


@router.post("/people/{user_id}/link")
def new_link(user_id: int, site: TheSite, who: Administrator, form: CheckedForm) -> Response:  # noqa: ARG001 - its token is checked
    """Makes a link by which the person sets a new password, and shows it, this once."""
    try:
        token = make_password_link(site.app, user_id, by=who.user.name, clinic_id=who.user.clinic_id)
    except InvalidValue as refused:
        return _show(site, who, Form(), {"": beside(refused.field or "", refused)})
    name = next(user.name for user in list_users(site.app, clinic_id=who.user.clinic_id) if user.id == user_id)
    return _show_link(site, who, name, token)


@router.post("/people/{user_id}/role")
def change_role(user_id: int, site: TheSite, who: Administrator, form: CheckedForm) -> Response:
    """Gives the person another role; they sign in anew."""
    role = form.text("role")
    try:
        if role not in set(Role):
            raise InvalidValue(later("role: choose one of the roles"), field="")
        set_role(site.app, user_id, Role(role), by=who.user)
    except InvalidValue as refused:
        return _show(site, who, Form(), {"": beside(refused.field or "", refused)})
    return RedirectResponse("/people", 303)


@router.post("/people/{user_id}/{step}")
def set_state(user_id: int, step: str, site: TheSite, who: Administrator, form: CheckedForm) -> Response:  # noqa: ARG001
    """Disables the person, or lets them in again."""
    if step not in {"disable", "enable"}:
        raise HTTPException(404)
    try:
        set_disabled(site.app, user_id, disabled=step == "disable", by=who.user)
    except InvalidValue as refused:
        return _show(site, who, Form(), {"": beside(refused.field or "", refused)})
    return RedirectResponse("/people", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _fields() -> tuple[Field, ...]:
    return (
        Field(name="name", label="Name to sign in with", missing="Give the person a name.", length=100),
        Field(name="role", label="Role", input=Input.RADIO, missing="Choose the role.", options=ROLES),
        language_field(),
    )


def _show(site: Site, who: SessionUser, form: Form, faults: Faults | None = None) -> Response:
    users = list_users(site.app, clinic_id=who.user.clinic_id)
    status = 422 if faults else 200
    return site.page(
        "people.html",
        status=status,
        who=who,
        users=users,
        roles=ROLES,
        fields=_fields(),
        form=form,
        faults=faults or {},
    )


def _show_link(site: Site, who: SessionUser, name: str, token: str) -> Response:
    address = f"{site.app.settings.server.public_url}/welcome/{token}"
    return site.page("people_link.html", who=who, name=name, address=address)
