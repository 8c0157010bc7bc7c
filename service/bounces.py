"""Mails that come back: each report is matched with its mail, and an address that does not exist gets none any more."""

import logging
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from db import bounce_store, outbox_store, sending_store
from db.engine import reading, writing
from db.outbox_store import StoredMessage
from reminders.bounces import Report, ReturnPath, read_report
from scheduler.errors import InvalidValue
from service.loading import facts_of, load

if TYPE_CHECKING:
    from service.config import Settings
    from service.wiring import App

LONGEST = 1024 * 1024  # octets of a report that are read; what matters stands at its beginning
AT_ONCE = 200  # reports in one pass: what else lies there waits for the next

log = logging.getLogger(__name__)


class Taken(StrEnum):
    """What a report led to."""

    SUPPRESSED = "suppressed"
    FAILED = "failed"
    DELAYED = "delayed"
    KNOWN = "known"
    IGNORED = "ignored"


def return_path(app: "App", sender: str) -> ReturnPath:
    """Where mails come back to."""
    marked = app.settings.smtp.host and app.settings.smtp.verp
    return ReturnPath(address=sender, secret=app.secret() if marked else b"")


def take(app: "App", content: bytes, *, now: datetime) -> Taken:
    """Acts on one mail that came to the sender's address; whatever is no genuine report is ignored, with one line."""
    try:
        report = read_report(content[:LONGEST])
    except Exception as fault:  # noqa: BLE001 - anybody may send anything here, and nothing of it may stop the rest
        return _ignored(f"it can't be read ({type(fault).__name__})")
    if report is None:
        return _ignored("it is no report of a mail that was delayed or came back")
    with reading(app.engine) as session:
        id_ = report.claims[0] if report.claims else None
        mail = bounce_store.mail_of(session, id_=id_, message_id=report.message_id) if id_ or report.message_id else ()
    address = _address(app, mail, now)
    if not mail or not address or not _is_genuine(app, report, mail, address):
        return _ignored("it fits no mail of ours to an address that still stands")
    return _act(app, report, mail, address, now)


def read_folder(app: "App", folder: Path, *, now: datetime) -> int:
    """Takes what is new in a Maildir, and marks it as seen; how many mails. InvalidValue when it can't be read."""
    try:
        found = sorted(path for path in (folder / "new").iterdir() if path.is_file())[:AT_ONCE]
        for path in found:
            with path.open("rb") as file:
                take(app, file.read(LONGEST), now=now)
            path.replace(folder / "cur" / f"{path.name}:2,S")  # only now: after a crash it is taken once more
    except OSError as fault:
        message = f"[mail] bounces {folder}: is no Maildir that can be read and written ({fault.strerror}); check it"
        raise InvalidValue(message, field="bounces") from None
    return len(found)


def check_folder(settings: "Settings") -> None:
    """InvalidValue when the Maildir of the settings is none."""
    folder = settings.mail.bounces
    if folder and not all((folder / name).is_dir() for name in ("new", "cur", "tmp")):
        raise InvalidValue(f"[mail] bounces {folder}: is no Maildir; it holds the folders new, cur and tmp")


# ---------------------------------------------------------------------------------------------------------------------


def _ignored(why: str) -> Taken:
    log.warning("a mail to the sender's address is ignored: %s", why, extra={"action": "bounce_ignored"})
    return Taken.IGNORED


def _address(app: "App", mail: tuple[StoredMessage, ...], now: datetime) -> str:
    """Where the recipient of the mail is written to now; "" when nowhere."""
    if not mail:
        return ""
    first = mail[0]
    with reading(app.engine) as session:
        loaded = load(app, session, first.clinic_id, first.course_id, now=now)
        recipient = facts_of(app, session, loaded.stored, loaded.plan(), now=now).recipient(first.recipient)
    return recipient.email if recipient else ""


def _is_genuine(app: "App", report: Report, mail: tuple[StoredMessage, ...], address: str) -> bool:
    if report.claims:
        back = return_path(app, "")
        return back.is_genuine(report, report.claims[0], mail[0].message_id or "", address)
    # A Message-ID is known only to who got the mail, or carried it.
    return address.casefold() in report.recipients


def _act(app: "App", report: Report, mail: tuple[StoredMessage, ...], address: str, now: datetime) -> Taken:
    first, ids = mail[0], [message.id for message in mail]
    taken = Taken.SUPPRESSED if report.bad_address else Taken.FAILED if report.failed else Taken.DELAYED
    answer = f"{'bounced' if report.failed else 'delayed'} {report.status}".strip()
    with writing(app.engine) as session:
        if report.failed and not bounce_store.came_back(session, ids, f"{answer}; please phone", now=now):
            return Taken.KNOWN
        outbox_store.add_attempts(
            session, first.clinic_id, ids, at=now, worker="bounce", answer=answer, message_id=first.message_id
        )
        if taken is Taken.SUPPRESSED:
            outbox_store.suppress(session, first.clinic_id, address, cause=answer, now=now)
        sending_store.count(session, {f"mails:{answer.partition(' ')[0]}": 1.0}, now=now)
    values = {"action": "outbox_bounced", "course_id": str(first.course_id), "outbox_ids": ids}
    log.warning("mail %s of course %s: %s, %s", ids[0], first.course_id, answer, taken, extra=values)
    return taken
