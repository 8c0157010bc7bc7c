"""A link to the patient's page, on its way by mail: a row of the outbox like any other, without the address."""

from datetime import datetime, timedelta

from db.engine import Session
from db.outbox_store import LINK, NewMessage, State, add_messages
from reminders.outbox import CourseFacts
from reminders.rules import PATIENT, local_date
from scheduler.errors import InvalidValue

STAYS = timedelta(hours=48)  # later than this nobody waits for it any more


def post_link(session: Session, facts: CourseFacts, key: str, *, now: datetime) -> None:
    """Lets a mail with the link `key` wait: it goes at once, or at the end of the patient's quiet hours.

    InvalidValue when no mail may go to the patient, or mails are paused.
    """
    patient = facts.recipient(PATIENT)
    if patient is None or patient.unsubscribed:
        message = "mail: no mail goes to the patient, without address or consent, or unsubscribed; hand the link over"
        raise InvalidValue(message, field="mail")
    if facts.paused:
        raise InvalidValue("mail: mails are paused for this patient; resume them first", field="mail")
    goes = facts.policy.quiet.not_before(now, patient.zone)
    waiting = NewMessage(
        event_key=key,
        event_sequence=0,
        kind=LINK,
        offset_days=0,
        recipient=PATIENT,
        state=State.WAITING,
        send_after=goes,
        send_before=now + STAYS,
        group_date=local_date(goes, patient.zone),
    )
    add_messages(session, facts.clinic_id, facts.course_id, [waiting], now=now)
