"""Recording an action: choose what, fill in, see before and after, confirm."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler import action_from_fields
from scheduler.actions import Action
from scheduler.errors import InvalidValue, Rejected
from service.course_page import dose_choices
from service.courses import RequestReused, StaleRevision, preview
from service.courses import record as record_action
from service.queries import CourseRecord, HistoryEntry, load_course
from service.users import SessionUser
from web.compare import Comparison, compare
from web.date_words import free_words, permitted_words
from web.entries import corrected_values, field_at_fault, first_values, read_fields, visit_named
from web.forms import Faults, Field, Form, beside, missing_faults, whole_number
from web.kinds import GROUPS, KINDS, fields_of
from web.notices import in_words
from web.record_fields import Material
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder
from web.speaking import later, say
from web.words import dose_words

router = APIRouter()


# How a patient hears of what an entry changes: what is sent, the words, what they mean.
WAYS = (
    (
        "",
        later("Not yet"),
        later("A notice of such a dose waits until somebody says that the patient knows."),
    ),
    ("told", later("The patient has been told"), ""),
    (
        "neutral",
        later("Not yet: send a neutral notice"),
        later("A mail that only asks the patient to call. You still have to tell."),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What others recorded since the page was opened, and what that changed."""

    entries: tuple[HistoryEntry, ...]
    comparison: Comparison


@router.api_route("/courses/{course_id}/record", methods=["GET", "HEAD"])
def choose(course_id: UUID, site: TheSite, who: Recorder) -> Response:
    """The kinds of actions, to choose one."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return site.page("record_kinds.html", who=who, record=record, groups=GROUPS, kinds=KINDS)


@router.api_route("/courses/{course_id}/record/{kind}", methods=["GET", "HEAD"])
def fill_in(course_id: UUID, kind: str, request: Request, site: TheSite, who: Recorder) -> Response:
    """The form of one kind, filled with what the link asked for: a dose, a date, or an entry to correct.

    With `preview` in the address what follows from it is shown at once; nothing is stored.
    """
    asked = request.query_params
    desk = _desk(course_id, kind, site, who, dose=asked.get("dose", ""), entry=asked.get("correct", ""))
    entry = _entry(desk.record, whole_number(asked.get("correct", "")))
    if entry is not None and entry.action.kind == kind:
        form = corrected_values(entry.number, entry.action)
    else:
        form = first_values(kind, desk.material, asked)
    return desk.go_on(form) if "preview" in asked else desk.show_form(form)


@router.post("/courses/{course_id}/record/{kind}")
def send(course_id: UUID, kind: str, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """The preview of what was typed, or, confirmed, the course with it recorded. The form again when it can't be."""
    desk = _desk(course_id, kind, site, who, dose=form.text("dose"), entry=form.text("replaces"))
    step = form.text("step")
    if step == "edit":
        return desk.show_form(form)
    if step != "confirm" and desk.is_stale(form):
        return desk.show_meanwhile(form)
    return desk.go_on(form, confirmed=step == "confirm")


# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """One person at the form of one kind for one course."""

    site: Site
    who: SessionUser
    record: CourseRecord
    code: str
    material: Material

    @property
    def fields(self) -> tuple[Field, ...]:
        return fields_of(self.code, self.material)

    def shown_fields(self, form: Form) -> tuple[Field, ...]:
        """The fields, the one for a new date with those that the chosen dose can have without a reason."""
        cycle, _, day = form.text("dose").partition("-")
        chosen = next(
            (dose for dose in self.material.permitted if (str(dose.cycle), str(dose.day)) == (cycle, day)), None
        )
        if chosen is None:
            return self.fields
        name, dates = dose_words(chosen.cycle, chosen.day), self.material.permitted[chosen]
        if dates is None:
            hint = f"{name}: {permitted_words(dates)}."
        else:
            hint = say("{dose} without a reason: {dates}.", dose=name, dates=free_words(dates))
        return tuple(replace(field, hint=hint) if field.name == "to" else field for field in self.fields)

    def is_stale(self, form: Form) -> bool:
        seen = whole_number(form.text("seen_revision"))
        return seen is not None and seen < self.record.revision

    def go_on(self, form: Form, *, confirmed: bool = False) -> Response:
        """The preview of what the form says, or, confirmed, the course with it; else the form with its faults."""
        action, faults = self.read(form, confirmed=confirmed)
        if action is None:
            return self.show_form(form, faults, status=422)
        try:
            return self.confirm(action, form) if confirmed else self.show_preview(action, form)
        except Rejected as refused:
            place = field_at_fault(refused.field, self.fields)
            return self.show_form(form, {place: beside(refused.field, refused)}, status=422)
        except StaleRevision:
            return self.show_meanwhile(form)

    def read(self, form: Form, *, confirmed: bool) -> tuple[Action | None, Faults]:
        """The action that was typed; None with the faults when it can't be read."""
        # A form that is sent twice may name what its first copy has changed: the use case knows the request again.
        faults = {} if confirmed else missing_faults(self.fields, form)
        plain, unreadable = read_fields(self.code, form, self.fields)
        faults |= unreadable
        if faults:
            return None, faults
        try:
            return action_from_fields(self.code, plain), {}
        except Rejected as refused:
            place = field_at_fault(refused.field, self.fields)
            return None, {place: beside(refused.field, refused, self.code)}

    def show_form(self, form: Form, faults: Faults | None = None, *, status: int = 200, **more: object) -> Response:
        return self.site.page(
            "record_form.html",
            status=status,
            who=self.who,
            record=self.record,
            code=self.code,
            kind=KINDS[self.code],
            fields=self.shown_fields(form),
            form=form,
            faults=faults or {},
            **({"meanwhile": None} | more),
        )

    def show_preview(self, action: Action, form: Form) -> Response:
        found = preview(self.site.app, self.record.id, action, clinic_id=self.who.user.clinic_id)
        mails = in_words(found.notices, self.record.patient_zone)
        return self.site.page(
            "record_preview.html",
            who=self.who,
            record=self.record,
            code=self.code,
            kind=KINDS[self.code],
            action=action,
            replaced=_entry(self.record, action.replaces),
            comparison=compare(found.before, found.after),
            mails=mails,
            ways=WAYS if mails.waits else WAYS[:2],
            telling=form.text("telling"),
            request_id=uuid4().hex,
            kept=tuple(_kept(form, self.fields)),
        )

    def confirm(self, action: Action, form: Form) -> Response:
        seen = whole_number(form.text("seen_revision"))
        request_id = form.text("request_id")
        if seen is None or seen > self.record.revision or not request_id:
            return self.show_preview(action, form)  # nobody confirms what they have not seen
        try:
            outcome = record_action(
                self.site.app,
                self.record.id,
                action,
                by=self.who.user.name,
                seen_revision=seen,
                request_id=request_id,
                patient_told=form.text("telling") == "told",
                neutral_notice=form.text("telling") == "neutral",
                clinic_id=self.who.user.clinic_id,
            )
        except RequestReused:
            return self.show_meanwhile(form)
        except InvalidValue as refused:  # no neutral notice can go
            return self.show_form(form, {"": str(refused)}, status=422)
        return RedirectResponse(f"/courses/{self.record.id}?recorded={outcome.revision}", 303)

    def show_meanwhile(self, form: Form) -> Response:
        seen = min(whole_number(form.text("seen_revision")) or 0, self.record.revision)
        clinic_id = self.who.user.clinic_id
        before = load_course(self.site.app, self.record.id, revision=seen, clinic_id=clinic_id)
        meanwhile = Meanwhile(
            entries=tuple(entry for entry in self.record.entries if entry.number > seen),
            comparison=compare(before.plan, self.record.plan),
        )
        return self.show_form(form, status=409, meanwhile=meanwhile)


def _desk(course_id: UUID, kind: str, site: Site, who: SessionUser, *, dose: str, entry: str) -> _Desk:
    """The desk at which the `dose` that was asked for or chosen, and that of the `entry` to correct, are offered."""
    if kind not in KINDS:
        raise HTTPException(404)
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    newest = site.app.catalogue.by_id().get(record.regimen.id)
    versions = dict.fromkeys(each.version for each in (record.plan.regimen, record.regimen, newest) if each)
    permitted, choices = dose_choices(site.app, course_id, clinic_id=who.user.clinic_id)
    corrected = _entry(record, whole_number(entry))
    material = Material(
        plan=record.plan,
        versions=tuple(versions),
        permitted=permitted if kind == "defer" else {},
        choices=choices,
        kept=frozenset((dose, visit_named(corrected.action) if corrected is not None else "")),
    )
    return _Desk(site=site, who=who, record=record, code=kind, material=material)


def _entry(record: CourseRecord, number: int | None) -> HistoryEntry | None:
    return next((entry for entry in record.entries if entry.number == number), None)


def _kept(form: Form, fields: tuple[Field, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for field in fields:
        yield field.name, form.all(field.name)
