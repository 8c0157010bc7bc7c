"""The staff's mail of the morning: once for each date of the clinic and each address, from 07:00 on."""

import hashlib
import logging
from contextlib import closing
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from db import digest_store
from db.digest_store import DigestKey, DigestState
from db.engine import reading, writing
from db.sending_store import breaker
from reminders.breaker import Gate, Stopped
from reminders.channels.delivery import Channel, DeliveryError, Fate, Outgoing
from reminders.digest import DigestFacts, render_digest
from reminders.mime import Envelope
from reminders.outgoing import Sender
from scheduler.dates import zone_of
from service.audit import HOME_CLINIC
from service.worklist import Line, Todo, worklist

if TYPE_CHECKING:
    from service.wiring import App

FROM, UNTIL = time(7), time(20)  # as the clinic's clocks show it; in the evening the overview of a day is of no use
LEASE = timedelta(minutes=15)  # after it another try, also of a worker that died over it
LANGUAGE = "en"  # the staff's pages are in English

log = logging.getLogger(__name__)


def send_digests(app: "App", now: datetime, channel: Channel, sender: Sender) -> int:
    """Sends the overview of the day to each address of the settings that has not had it; how many went.

    A try that fails is repeated by a later tick, with the same Message-ID, until the evening. While mails are stopped
    it waits like all others, or is the one that tries; a fault of ours stops the others, too.
    """
    app = app.of(HOME_CLINIC)
    local = now.astimezone(zone_of(app.settings.clinic.zone))
    if not FROM <= local.time() < UNTIL:
        return 0
    keys = [DigestKey(clinic_id=HOME_CLINIC, day=local.date(), address=to) for to in app.settings.reminders.digest_to]
    with reading(app.engine) as session:
        stopped = breaker(session)
        due = [key for key in keys if digest_store.is_open(session, key, now)]
    if not due:
        return 0
    gate = Gate(app.engine, lambda: now)
    try:
        gate.ask(stopped)
    except Stopped:
        return 0
    facts, sent = _facts(app, local.date()), 0
    with closing(channel):
        for key in due:
            first_tried_at = _take(app, key, now)
            if first_tried_at is None:
                continue
            answer, error = _try(_mail(app, key, facts, sender, first_tried_at), channel)
            _note(app, key, answer, error, now)
            if error is not None and error.fate is Fate.OURS:
                gate.stop(str(error))
                break
            if error is None or not error.hung_up:
                gate.answered()
            sent += error is None
    return sent


# ---------------------------------------------------------------------------------------------------------------------


def _facts(app: "App", day: date) -> DigestFacts:
    with reading(app.engine) as session:
        events = digest_store.events_on(session, HOME_CLINIC, (day, day + timedelta(days=1)))
    lines = worklist(app, clinic_id=HOME_CLINIC)
    return DigestFacts(
        day=day,
        zone=app.settings.clinic.zone,
        pages=f"{app.settings.server.public_url}/courses",
        events=events,
        to_prescribe=_of(lines, Todo.PRESCRIBE),
        to_call=_of(lines, Todo.CALL),
        overdue=tuple((line.course_id, line.visit) for line in lines if line.todo is Todo.RECORD and line.visit),
        to_tell=_of(lines, Todo.TELL),
        to_phone=_of(lines, Todo.PHONE) + _of(lines, Todo.REMIND),
        stopped=_of(lines, Todo.NOTE),
    )


def _of(lines: tuple[Line, ...], todo: Todo) -> tuple[UUID, ...]:
    return tuple(line.course_id for line in lines if line.todo is todo)


def _take(app: "App", key: DigestKey, now: datetime) -> datetime | None:
    with writing(app.engine) as session:
        return digest_store.take(session, key, now=now, lease_until=now + LEASE)


def _try(mail: Outgoing, channel: Channel) -> tuple[str, DeliveryError | None]:
    try:
        channel.open()
        return channel.send(mail), None
    except DeliveryError as error:
        return error.answer or str(error), error


def _note(app: "App", key: DigestKey, answer: str, error: DeliveryError | None, now: datetime) -> None:
    state = DigestState.SENT if error is None else DigestState.FAILED if error.permanent else DigestState.WAITING
    with writing(app.engine) as session:
        digest_store.settle(session, key, state, answer, again_at=now + LEASE)
    level = logging.INFO if error is None else logging.ERROR
    log.log(level, "overview of %s: %s %s", key.day, state, answer, extra={"action": f"digest_{state}"})


def _mail(app: "App", key: DigestKey, facts: DigestFacts, sender: Sender, first_tried_at: datetime) -> Outgoing:
    mark = hashlib.sha256(f"digest|{key.clinic_id}|{key.day}|{key.address}".encode()).hexdigest()[:32]
    sent_at = first_tried_at.replace(microsecond=0)
    envelope = Envelope(
        sender=sender.address,
        to=key.address,
        message_id=f"<{mark}@{sender.domain}>",
        date=sent_at,
        reply_to=sender.reply_to,
    )
    content = render_digest(facts, envelope, app.wordings[LANGUAGE])
    return Outgoing(
        sender=sender.address, to=key.address, write=lambda: content, name=f"{sent_at:%Y%m%dT%H%M%SZ}-{mark[:12]}"
    )
