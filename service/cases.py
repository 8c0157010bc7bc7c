"""The courses whose mails a pass is about to send: read together, each worked out when it is asked for."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from db.engine import reading
from db.mail_store import MailCourse, mail_courses
from db.outbox_claims import Mail
from db.outbox_store import LINK
from reminders.post import Case
from service.clinic import clinic_card
from service.loading import assemble, facts_for, with_earlier
from service.posting import posted_links
from service.recipients import recipients_by

if TYPE_CHECKING:
    from service.wiring import App


def load_cases(app: "App", mails: Sequence[Mail], now: datetime) -> Callable[[UUID], Case]:
    """What gives the case of a course of these mails, as it was stored at this moment; worked out once."""
    found: dict[UUID, Callable[[], MailCourse]] = {}
    apps: dict[int, App] = {}
    by_clinic: dict[int, list[Mail]] = defaultdict(list)
    for mail in mails:
        by_clinic[mail.clinic_id].append(mail)
    with reading(app.engine) as session:
        for clinic_id, theirs in by_clinic.items():
            apps[clinic_id] = app.of(clinic_id, session)
            keys = {message.event_key for mail in theirs for message in mail.messages}
            found |= mail_courses(session, clinic_id, {mail.course_id for mail in theirs}, keys, now)

    with_link = {mail.course_id for mail in mails if any(message.kind == LINK for message in mail.messages)}

    def case(course_id: UUID) -> Case:
        course = found[course_id]()
        app = apps[course.stored.clinic_id]
        made = _case(app, course, now)
        if course_id not in with_link:
            return made
        links = posted_links(app, course.stored.clinic_id, course_id)
        return replace(made, facts=replace(made.facts, links=links))

    return cache(case)


# ---------------------------------------------------------------------------------------------------------------------


def _case(app: "App", course: MailCourse, now: datetime) -> Case:
    stored, standing = course.stored, course.standing
    if stored.follows_id is not None:  # seldom: what it goes on from is read by itself
        with reading(app.engine) as session:
            stored = with_earlier(app, session, stored, now)
    loaded = assemble(app, stored, now=now, actions=course.actions, stamped=course.stamped, moved_to=course.moved_to)
    recipients = recipients_by(stored, standing.chosen, standing.readers)
    facts = facts_for(app, stored, loaded.plan(), recipients)
    return Case(
        facts=facts,
        events=loaded.stamped,
        standing=standing,
        wordings=app.wordings,
        clinic=clinic_card(app.settings.clinic),
    )
