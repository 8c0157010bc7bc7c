"""A clinic's own settings: where each value comes from, what a change would lead to, and the change, in one step."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from db import settings_store
from db.engine import Session, reading, writing
from db.store import Conflict
from db.stored import StoredSettings
from scheduler.errors import Fault, FileRefused, InfusionsError
from service import audit
from service.audit import What
from service.clinic import clinic_card, clinic_rules
from service.clock import today_in
from service.loading import NotFound, mark_of, reminder_policy, same_times
from service.own_settings import NAMES, as_written, overlaid, value_of

if TYPE_CHECKING:
    from service.config import Settings
    from service.wiring import App

NEAR = timedelta(hours=48)  # scheduling rule 23: so close, a mail is not enough

Wanted = Mapping[str, object]  # by the setting's name what config.toml would hold; None: back to what that says


class StaleSettings(InfusionsError):
    """Somebody else has changed settings since the page was made; `names` are those that they changed."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__("somebody else has changed the settings meanwhile; look at them, then change yours anew")
        self.names = tuple(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSettings:
    """A clinic's settings as they hold, with what its admins have set of them, at that revision (0: nothing yet).

    `set_by`: by the setting's name who set it last, and when (UTC).
    """

    settings: "Settings"
    base: "Settings"
    own: Mapping[str, object]
    revision: int
    set_by: Mapping[str, tuple[str, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One setting before and after, as config.toml would hold them."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a change of settings leads to. `changes`: what differs at all.

    `closed`: courses with a visit on a day that becomes closed; `opened`: with one on a day that becomes open.
    `feeds`: calendars whose text is made anew; `prints`: sheets that carry numbers or a place that hold no longer.
    `reminders`: waiting ones that are planned anew; `times`: courses whose times of arrival or tests are, too, and
    `near`: those of them with a visit within 48 hours, of which a mail alone is not enough.
    """

    changes: tuple[SettingChange, ...]
    closed: int = 0
    opened: int = 0
    feeds: int = 0
    prints: int = 0
    reminders: int = 0
    times: int = 0
    near: int = 0


def own_settings(app: "App", *, clinic_id: int) -> OwnSettings:
    """The clinic's settings as they hold now."""
    with reading(app.engine) as session:
        history = settings_store.settings_history(session, clinic_id)
    base = app.base or app.settings
    newest = history[-1] if history else None
    own = dict(newest.own) if newest else {}
    return OwnSettings(
        settings=overlaid(base, own),
        base=base,
        own=own,
        revision=newest.revision if newest else 0,
        set_by=_set_by(history),
    )


def check_clinic(app: "App", clinic_id: int) -> None:
    """NotFound when there is no clinic of that number."""
    with reading(app.engine) as session:
        known = settings_store.clinic_ids(session)
    if clinic_id not in known:
        raise NotFound(f"clinic {clinic_id}: there is no such clinic; there are: {', '.join(map(str, known))}")


def settings_of_all(session: Session, base: "Settings") -> dict[int, "Settings"]:
    """The settings of each clinic, by its number; FileRefused when what an admin has set can't be read any more."""
    found = {}
    for id_ in settings_store.clinic_ids(session):
        found[id_] = overlaid(base, _own_at(session, id_, settings_store.settings_revision(session, id_)))
    return found


def preview_settings(app: "App", wanted: Wanted, *, clinic_id: int) -> Consequences:
    """What the change would lead to; nothing is stored. FileRefused with every value that can't be, by its name."""
    with reading(app.engine) as session:
        before, after, _ = _changed(app, session, clinic_id, wanted)
        return _consequences(app, session, clinic_id, before, after)


def change_settings(app: "App", wanted: Wanted, *, by: str, seen_revision: int, clinic_id: int) -> int:
    """Stores the change if the settings are still those that were seen; gives their revision.

    Raises FileRefused with every value that can't be, and StaleSettings. What is so already changes nothing, so that
    the same request again is harmless.
    """
    try:
        with writing(app.engine) as session:
            return _change(app.of(clinic_id, session), session, wanted, by, seen_revision)
    except Conflict:
        raise StaleSettings(()) from None


# ---------------------------------------------------------------------------------------------------------------------


def _change(app: "App", session: Session, wanted: Wanted, by: str, seen: int) -> int:
    clinic_id = app.clinic_of()
    current = settings_store.settings_revision(session, clinic_id)
    before, after, own = _changed(app, session, clinic_id, wanted)
    if own == _own_at(session, clinic_id, current):
        return current
    if seen != current:
        then, now = _own_at(session, clinic_id, seen), _own_at(session, clinic_id, current)
        raise StaleSettings(name for name in NAMES if then.get(name) != now.get(name))
    stored = StoredSettings(revision=current + 1, own=own, changed_at=app.now(), changed_by=by)
    settings_store.add_settings(session, clinic_id, stored)
    names = [each.name for each in _changes(before, after)] or sorted(wanted)
    audit.note(
        session,
        What.SETTINGS_CHANGED,
        clinic_id=clinic_id,
        by=by,
        at=stored.changed_at,
        revision=stored.revision,
        settings=" ".join(names),
        digest=hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest(),
    )
    return stored.revision


def _own_at(session: Session, clinic_id: int, revision: int) -> dict[str, object]:
    stored = settings_store.settings_at(session, clinic_id, revision)
    return dict(stored.own) if stored else {}


def _changed(
    app: "App", session: Session, clinic_id: int, wanted: Wanted
) -> tuple["Settings", "Settings", dict[str, object]]:
    """The settings before and after, and what is to be kept of them as the clinic's own."""
    base, current = app.base or app.settings, settings_store.settings_revision(session, clinic_id)
    own = _own_at(session, clinic_id, current)
    before = overlaid(base, own)
    tried = {name: raw for name, raw in (own | dict(wanted)).items() if raw is not None}
    after = overlaid(base, tried, checked=wanted)
    _check(app, after, wanted)
    for name, raw in wanted.items():
        if raw is None:
            own.pop(name, None)
        elif value_of(before, name) != value_of(after, name):
            own[name] = as_written(value_of(after, name))
    overlaid(base, own)  # what could not be read again would leave the clinic without settings
    return before, after, own


def _check(app: "App", after: "Settings", wanted: Wanted) -> None:
    """What no reader of a single value can know."""
    faults = []
    if "clinic.name" in wanted and not after.clinic.name:
        faults.append(Fault(place="clinic.name", message="must not be empty: patients know the clinic by it"))
    unknown = sorted(set(after.regimens.offered) - set(app.catalogue.by_id()))
    if "regimens.offered" in wanted and unknown:
        faults.append(Fault(place="regimens.offered", message=f"there is no regimen {', '.join(unknown)}"))
    if faults:
        raise FileRefused("settings of the clinic", tuple(faults))


def _changes(before: "Settings", after: "Settings") -> tuple[SettingChange, ...]:
    return tuple(
        SettingChange(name=name, before=as_written(old), after=as_written(new))
        for name in NAMES
        if (old := value_of(before, name)) != (new := value_of(after, name))
    )


def _consequences(app: "App", session: Session, clinic_id: int, before: "Settings", after: "Settings") -> Consequences:
    now = app.now()
    today = today_in(after.clinic.zone, now)
    found = Consequences(changes=_changes(before, after))
    days = settings_store.visit_days(session, clinic_id, today) if _closes(before, after) else ()
    if days:
        closed = _closed(before, days), _closed(after, days)
        count = settings_store.count_courses_on
        found = replace(
            found,
            closed=count(session, clinic_id, closed[1] - closed[0]),
            opened=count(session, clinic_id, closed[0] - closed[1]),
        )
    if clinic_card(before.clinic) != clinic_card(after.clinic):
        found = replace(
            found,
            feeds=settings_store.count_feeds(session, clinic_id, now),
            prints=settings_store.count_prints(session, clinic_id),
        )
    if reminder_policy(before.reminders) != reminder_policy(after.reminders):
        found = replace(found, reminders=settings_store.count_reminders(session, clinic_id))
    if not same_times(mark_of(before), mark_of(after)):
        found = replace(found, times=settings_store.count_running(session, clinic_id, today))
    if before.clinic.lead_minutes != after.clinic.lead_minutes:
        soon = {today + timedelta(days=step) for step in range(NEAR.days + 1)}
        found = replace(found, near=settings_store.count_courses_on(session, clinic_id, soon))
    return found


def _closes(before: "Settings", after: "Settings") -> bool:
    names = ("opening_days", "closures")
    return any(getattr(before.clinic, name) != getattr(after.clinic, name) for name in names)


def _closed(settings: "Settings", days: Iterable[date]) -> set[date]:
    found = sorted(days)
    rules = clinic_rules(settings, None, range(found[0].year, found[-1].year + 1))
    return {day for day in found if rules.closure(day)}


def _set_by(history: Iterable[StoredSettings]) -> dict[str, tuple[str, datetime]]:
    found: dict[str, tuple[str, datetime]] = {}
    earlier: Mapping[str, object] = {}
    for each in history:
        for name in each.own:
            if name not in earlier or earlier[name] != each.own[name]:
                found[name] = (each.changed_by, each.changed_at)
        earlier = each.own
    return {name: by for name, by in found.items() if name in earlier}
