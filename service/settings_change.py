"""Changed settings of reminders: they reach the mails that wait already, a part of the courses at each pass."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from db import store
from db.engine import DatabaseUnavailable, reading, writing
from reminders import outbox
from scheduler.errors import InfusionsError
from service.clock import stopwatch
from service.loading import facts_of, load, mark_of_policy

if TYPE_CHECKING:
    from service.wiring import App

AT_ONCE = 500  # courses in one pass
SECONDS = 5.0  # and for so long at most: what is due must not wait for what is not
OUTCOME = "withdrawn: the clinic's settings changed"

log = logging.getLogger(__name__)


def follow_settings(app: "App", now: datetime) -> int:
    """Brings the waiting mails of courses that were planned by other settings to those of now; how many courses.

    What went stays as it went; nothing is planned twice, since messages are found again by what they are about. One
    transaction a course; those with the next visits first, what is left at the next pass.
    """
    mark, started = mark_of_policy(app.settings.reminders), stopwatch()
    with reading(app.engine) as session:
        due = store.due_for_settings(session, mark, AT_ONCE)
    done = failed = 0
    for clinic_id, course_id in due:
        if stopwatch() - started > SECONDS:
            break
        try:
            _follow(app, clinic_id, course_id, mark, now)
        except DatabaseUnavailable:
            raise
        except InfusionsError:  # such as a regimen that this program can't read: no reason to leave the others
            failed += 1
        else:
            done += 1
    if done or failed:
        values = {"action": "settings_followed", "courses": done, "failed": failed}
        log.info("mails of %d courses follow the changed settings, %d can't", done, failed, extra=values)
    return done


# ---------------------------------------------------------------------------------------------------------------------


def _follow(app: "App", clinic_id: int, course_id: UUID, mark: str, now: datetime) -> None:
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True, now=now)
        facts = facts_of(app, session, loaded.stored, loaded.plan(), now=now)
        outbox.after_choice(session, facts, loaded.stamped, outcome=OUTCOME, now=now)
        store.set_mails_by(session, loaded.stored, mark)
