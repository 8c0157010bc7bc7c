"""The clinic's settings: shown, changed after a look at what follows, taken back; and how each mail reads."""

from dataclasses import dataclass, replace
from datetime import date

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.errors import FileRefused, InvalidValue
from service import day_upkeep, settings_change
from service.clinic_settings import (
    Consequences,
    OwnSettings,
    StaleSettings,
    change_settings,
    own_settings,
    preview_settings,
)
from service.clock import today_in
from service.own_settings import ClosureSpan, closure_spans
from service.public_holidays import public_holidays
from service.sample_mails import SAMPLES, sample_mail
from service.users import SessionUser
from web.forms import Faults, Form, beside, missing_faults, whole_number
from web.render import Site, TheSite
from web.session import CheckedForm, SettingsAdmin
from web.settings_form import LABELS, Group, faults_of, first_values, groups, in_words, told, wanted
from web.speaking import later, say
from web.staff_language import patient_languages

router = APIRouter()

STALE = later("Somebody else has changed the settings meanwhile. Look at them, then send yours anew.")
STALE_NAMES = later("Somebody else has changed the settings meanwhile: {names}. Look at them, then send yours anew.")


@router.api_route("/settings", methods=["GET", "HEAD"])
def settings(request: Request, site: TheSite, who: SettingsAdmin) -> Response:
    """All settings of the clinic, by group, with who set them."""
    found = own_settings(site.app, clinic_id=who.user.clinic_id)
    today = _today(site)
    shown = {key: [told(name, found) for name in group.names] for key, group in groups(site.app).items()}
    return site.page(
        "settings.html",
        who=who,
        groups=groups(site.app).values(),
        shown=shown,
        closures=_spans(found, today),
        holidays=_holidays(site, today),
        stored="stored" in request.query_params,
        behind=_behind(site, who.user.clinic_id),
    )


@router.api_route("/settings/mails", methods=["GET", "HEAD"])
def mails(request: Request, site: TheSite, who: SettingsAdmin) -> Response:
    """How a mail reads in a language, by the real builder, with invented dates."""
    languages = patient_languages(site.app)
    kind, language = request.query_params.get("kind", "visit"), request.query_params.get("language", "en")
    if kind not in SAMPLES or language not in languages:
        raise HTTPException(404)
    mail = sample_mail(site.app, kind, language)
    return site.page(
        "settings_mails.html", who=who, mail=mail, kinds=SAMPLES, languages=languages, kind=kind, language=language
    )


@router.api_route("/settings/{group}", methods=["GET", "HEAD"])
def ask(group: str, site: TheSite, who: SettingsAdmin) -> Response:
    """The form of one group."""
    asked = _asked(site, who, group, Form())
    return _form(replace(asked, form=first_values(asked.group, asked.found.settings)))


@router.post("/settings/{group}")
def send(group: str, site: TheSite, who: SettingsAdmin, form: CheckedForm) -> Response:
    """What would follow from the change; or, confirmed, the change."""
    asked = _asked(site, who, group, form)
    if form.text("step") == "edit":
        return _form(asked)
    acts = form.text("reset") or form.text("end")
    faults = {} if acts else missing_faults(asked.group.fields, form)
    if faults:
        return _form(asked, faults)
    try:
        values = wanted(asked.group, form, asked.found, _today(site))
        if form.text("step") == "confirm":
            return _change(asked, values)
        return _preview(asked, preview_settings(site.app, values, clinic_id=who.user.clinic_id))
    except FileRefused as refused:
        return _form(asked, faults_of(asked.group, refused))
    except InvalidValue as refused:
        return _form(asked, {refused.field or "": beside(refused.field or "", refused)})


# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request about a group: who asks, what was typed, and the settings as they are."""

    site: Site
    who: SessionUser
    group: Group
    found: OwnSettings
    form: Form


def _asked(site: Site, who: SessionUser, key: str, form: Form) -> _Asked:
    group = groups(site.app).get(key)
    if group is None:
        raise HTTPException(404)
    found = own_settings(site.app, clinic_id=who.user.clinic_id)
    return _Asked(site=site, who=who, group=group, found=found, form=form)


def _today(site: Site) -> date:
    return today_in(site.app.settings.clinic.zone, site.app.now())


def _behind(site: Site, clinic_id: int) -> int:
    """How many courses are still to follow a change: with their mails and times, or on the clinic's day."""
    on_the_day = day_upkeep.behind(site.app, site.app.now(), clinic_id=clinic_id)
    return max(settings_change.behind(site.app, clinic_id=clinic_id), on_the_day)


def _spans(found: OwnSettings, today: date) -> list[ClosureSpan]:
    """The closures that are not over."""
    return [span for span in closure_spans(found.settings.clinic.closures) if span.last >= today]


def _holidays(site: Site, today: date) -> list[tuple[date, str]]:
    clinic = site.app.settings.clinic
    found = public_holidays(clinic.country, clinic.region, [today.year, today.year + 1])
    return [(day, name) for day, name in sorted(found.items()) if day >= today]


def _change(asked: _Asked, values: dict[str, object]) -> Response:
    seen, user = whole_number(asked.form.text("seen_revision")), asked.who.user
    try:
        change_settings(
            asked.site.app,
            values,
            by=user.name,
            seen_revision=-1 if seen is None else seen,
            clinic_id=user.clinic_id,
        )
    except StaleSettings as stale:
        names = ", ".join(say(LABELS[name]) for name in stale.names)
        sentence = say(STALE_NAMES, names=names) if names else STALE
        return _form(asked, {"": sentence}, status=409)
    return RedirectResponse("/settings?stored", 303)


def _form(asked: _Asked, faults: Faults | None = None, *, status: int = 422) -> Response:
    group, found = asked.group, asked.found
    return asked.site.page(
        "settings_form.html",
        status=status if faults else 200,
        who=asked.who,
        group=group,
        fields=group.fields,
        form=asked.form,
        faults=faults or {},
        closures=_spans(found, _today(asked.site)),
        own=[told(name, found) for name in group.names if name in found.own],
        seen=found.revision,
    )


def _preview(asked: _Asked, expected: Consequences) -> Response:
    kept = ("reset", "end", *(field.name for field in asked.group.fields))
    return asked.site.page(
        "settings_preview.html",
        who=asked.who,
        group=asked.group,
        changes=[
            (LABELS[each.name], in_words(each.name, each.before), in_words(each.name, each.after))
            for each in expected.changes
        ],
        expected=expected,
        kept=[(name, value) for name in kept for value in asked.form.all(name) if value],
        seen=asked.form.text("seen_revision") or asked.found.revision,
    )
