"""Changed settings of a clinic: they reach its courses' times and the mails that wait, a part of them at each pass."""

import logging
from collections.abc import Mapping
from datetime import datetime
from threading import Event as Flag
from typing import TYPE_CHECKING
from uuid import UUID

from db import store
from db.engine import DatabaseUnavailable, reading, writing
from db.settings_store import clinic_ids
from reminders import outbox
from scheduler.errors import InfusionsError
from scheduler.events import StampedEvent
from service.clock import stopwatch
from service.loading import facts_of, load, mark_of, same_times
from service.steps import refresh_by_settings

if TYPE_CHECKING:
    from service.wiring import App

AT_ONCE = 500  # courses in one pass
SECONDS = 5.0  # and for so long at most: what is due must not wait for what is not
REST_SECONDS = 25.0  # after it has gone, the rest
OUTCOME = "withdrawn: the clinic's settings changed"

log = logging.getLogger(__name__)


def follow_settings(app: "App", now: datetime, *, seconds: float = SECONDS, stop: Flag | None = None) -> int:
    """Brings the courses that follow other settings of their clinic to those of now; how many courses.

    Their waiting mails, and where the clinic's lead time, closed days or tests after a dose changed, their times too:
    a change like any other, of which patients are told. What went stays as it went; nothing is planned twice, since
    messages are found again by what they are about. One transaction a course; those with the next visits first, what
    is left after so many `seconds`, or when asked to `stop`, at the next pass.
    """
    started, left, done, failed = stopwatch(), AT_ONCE, 0, 0
    with reading(app.engine) as session:
        apps = [app.of(clinic_id, session) for clinic_id in clinic_ids(session)]
    for bound in apps:
        for course_id in _due(bound, left):
            if stopwatch() - started > seconds or (stop and stop.is_set()):
                break
            left -= 1
            try:
                _follow(bound, course_id, now)
            except DatabaseUnavailable:
                raise
            except InfusionsError:  # such as a regimen that this program can't read: no reason to leave the others
                failed += 1
            else:
                done += 1
    if done or failed:
        values = {"action": "settings_followed", "courses": done, "failed": failed}
        log.info("%d courses follow the changed settings, %d can't", done, failed, extra=values)
    return done


def behind(app: "App", *, clinic_id: int) -> int:
    """How many courses of the clinic have mails and times by other settings than those of now."""
    with reading(app.engine) as session:
        bound = app.of(clinic_id, session)
        return store.count_due_for_settings(session, clinic_id, mark_of(bound.settings))


# ---------------------------------------------------------------------------------------------------------------------


def _due(app: "App", limit: int) -> tuple[UUID, ...]:
    if limit <= 0:
        return ()
    with reading(app.engine) as session:
        return store.due_for_settings(session, app.clinic_of(), mark_of(app.settings), limit)


def _follow(app: "App", course_id: UUID, now: datetime) -> None:
    mark = mark_of(app.settings)
    with writing(app.engine) as session:
        loaded = load(app, session, app.clinic_of(), course_id, to_change=True, now=now)
        stamped: Mapping[str, StampedEvent] = loaded.stamped
        if not same_times(loaded.stored.mails_by, mark):
            stamped = refresh_by_settings(app, session, loaded)
        facts = facts_of(app, session, loaded.stored, loaded.plan(), now=now)
        outbox.after_choice(session, facts, stamped, outcome=OUTCOME, now=now)
        store.set_mails_by(session, loaded.stored, mark)
