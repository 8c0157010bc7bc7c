"""What a pass over the outbox works with, and what it tells in the end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Flag
from uuid import UUID

from calendars.kinds import ClinicCard
from calendars.wording import Wording
from db.engine import Engine
from db.mail_store import Standing
from db.outbox_claims import Mail
from db.outbox_store import StoredMessage
from reminders.bounces import ReturnPath
from reminders.channels.delivery import Channel
from reminders.outbox import CourseFacts
from reminders.outgoing import Sender
from reminders.rules import Recipient, local_date
from scheduler.errors import InvalidValue
from scheduler.events import StampedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A course as it stood, with what its mails are written from. `events`: those that its claimed mails are about."""

    facts: CourseFacts
    events: Mapping[str, StampedEvent]
    standing: Standing
    wordings: Mapping[str, Wording]
    clinic: ClinicCard

    def holds(self, stands: Standing, now: datetime) -> bool:
        """Whether the course is still what this was made from: it stands like that, and today is the same day."""
        plan = self.facts.plan
        return stands == self.standing and local_date(now, plan.course.zone) == plan.today

    def knows(self, mail: Mail) -> bool:
        """Whether this was made after the events were stamped that the mail is about: settings can change them without
        a step of the course, and its messages go on with them."""
        found = ((message, self.events.get(message.event_key)) for message in mail.messages)
        return all(event is None or event.sequence >= message.event_sequence for message, event in found)

    def recipient(self, mail: Mail) -> Recipient:
        """To whom the mail goes. Only for a mail that the re-check has let go."""
        found = self.facts.recipient(mail.messages[0].recipient)
        if found is None:
            raise InvalidValue("mail: has no recipient any more; nothing of it may go", field="recipient")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a pass works with. `load` reads the courses of mails, and gives what makes the case of one of them;
    `now` tells the instant; `stop` asks to finish.

    `unsubscribe` gives the address of the page that stops mails; `pause`: from one mail to the next.
    `owner` names this pass among all that may run.
    """

    engine: Engine
    channel: Channel
    load: Callable[[Sequence[Mail]], Callable[[UUID], Case]]
    sender: Sender
    owner: str
    now: Callable[[], datetime]
    stop: Flag
    unsubscribe: Callable[[StoredMessage], str]
    return_path: ReturnPath
    pause: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a pass did: messages that were due; mails sent and not sent; messages that had become too late.

    `trouble`: why it ended before everything was done, as a sentence. `fates`: how many mails had each.
    """

    due: int = 0
    sent: int = 0
    failed: int = 0
    expired: int = 0
    trouble: str = ""
    fates: Mapping[str, int] = field(default_factory=dict)
