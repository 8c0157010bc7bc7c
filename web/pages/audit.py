"""The auditor's page: who saw or did what, when and from where; filtered, exported, verified."""

from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from scheduler.dates import parse_date
from scheduler.errors import InvalidValue
from service.audit import What
from service.audit_search import Asked, export, look, staff_names, verify
from web.forms import beside, whole_number
from web.render import TheSite
from web.session import Auditor, WithToken
from web.speaking import later

router = APIRouter()

KINDS = later(("views", "mails", "calendars", "staff", "courses"))  # of deeds, as the filter offers them
FILTERS = ("by", "what", "kind", "patient", "since", "until")
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@router.api_route("/audit", methods=["GET", "HEAD"])
def entries(request: Request, site: TheSite, who: Auditor) -> Response:
    """A page of the record, the newest entry first."""
    typed = _typed(request)
    user, page, faults = who.user, None, {}
    try:
        before = whole_number(request.query_params.get("before", ""))
        page = look(site.app, _asked(typed), by=user.name, before=before, clinic_id=user.clinic_id)
    except InvalidValue as refused:
        faults = {refused.field or "": beside(refused.field or "", refused)}
    return site.page(
        "audit.html",
        status=422 if faults else 200,
        who=who,
        page=page,
        typed=typed,
        faults=faults,
        staff=staff_names(site.app, clinic_id=user.clinic_id),
        deeds=sorted(What),
        kinds=KINDS,
        query=urlencode({name: value for name, value in typed.items() if value}),
    )


@router.api_route("/audit/export.{form}", methods=["GET", "HEAD"])
def download(form: str, request: Request, site: TheSite, who: Auditor) -> Response:
    """The entries of the same filter as a file, sent while they are read."""
    if form not in MEDIA:
        raise HTTPException(404)
    try:
        parts = export(site.app, _asked(_typed(request)), form, by=who.user.name, clinic_id=who.user.clinic_id)
    except InvalidValue as refused:
        raise HTTPException(422, str(refused)) from None
    headers = {"Content-Disposition": f'attachment; filename="audit.{form}"', "Cache-Control": "no-store"}
    return StreamingResponse(parts, media_type=MEDIA[form], headers=headers)


@router.post("/audit/verify", dependencies=[WithToken])
def check(site: TheSite, who: Auditor) -> Response:
    """Whether every entry is as it was written."""
    head, found = verify(site.app, by=who.user.name, clinic_id=who.user.clinic_id)
    return site.page("audit_verified.html", who=who, head=head, found=found)


# ---------------------------------------------------------------------------------------------------------------------


def _typed(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip() for name in FILTERS}


def _asked(typed: dict[str, str]) -> Asked:
    return Asked(
        by=typed["by"],
        what=typed["what"],
        kind=typed["kind"],
        patient=typed["patient"],
        since=_day(typed, "since"),
        until=_day(typed, "until"),
    )


def _day(typed: dict[str, str], name: str) -> date | None:
    return parse_date(typed[name], field=name) if typed[name] else None
