"""What an entry would do to the mails, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reminders.policy import Notice, NoticeKind
from reminders.rules import PATIENT
from scheduler.dates import zone_of
from web.speaking import count, say
from web.words import event_words, in_a_row, moment_words, recipient_words


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """`notice`: the notice of the change, if one goes. `reminders`: one line for each that comes or goes."""

    notice: str
    waits: bool
    coming: tuple[str, ...]
    going: tuple[str, ...]


def in_words(notices: Iterable[Notice], zone: str) -> NoticeWords:
    """The notices in words, with times of the patient's zone."""
    found = tuple(notices)
    change = next((each for each in found if each.what in {NoticeKind.CHANGE, NoticeKind.WAITS}), None)
    return NoticeWords(
        notice=_change(change, zone) if change else "",
        waits=change is not None and change.what is NoticeKind.WAITS,
        coming=tuple(_reminder(each, zone) for each in found if each.what is NoticeKind.REMINDER),
        going=tuple(_reminder(each, zone) for each in found if each.what is NoticeKind.WITHDRAWN),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _change(notice: Notice, zone: str) -> str:
    number = len(notice.event_keys)
    if notice.at is None:
        return count(
            "A mail about the change of {count} date waits until a person has told the patient.",
            "A mail about the change of {count} dates waits until a person has told the patient.",
            number,
        )
    return count(
        "A mail about the change of {count} date goes on {at}.",
        "A mail about the change of {count} dates goes on {at}.",
        number,
        at=_at(notice.at, zone),
    )


def _reminder(notice: Notice, zone: str) -> str:
    about = in_a_row(event_words(key) for key in notice.event_keys)
    about += (
        ""
        if notice.recipient == PATIENT
        else " " + say("(to {recipient})", recipient=recipient_words(notice.recipient))
    )
    return f"{_at(notice.at, zone)}: {about}" if notice.at else about


def _at(at: datetime, zone: str) -> str:
    return f"{moment_words(at.astimezone(zone_of(zone)))} ({zone})"
