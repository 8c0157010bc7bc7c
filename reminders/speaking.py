"""What the mails of one reader are made from, and how a mail says places, times and names. Pure."""

from dataclasses import dataclass
from datetime import date, datetime

from calendars.kinds import ClinicCard
from calendars.wording import Wording, say_list, say_moment, say_time, say_zone
from reminders.calendar_files import CalendarFile
from reminders.mime import Envelope
from scheduler.dates import zone_of
from scheduler.events import Event, EventKind, StampedEvent
from scheduler.regimen import WindowKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change to tell: the event as it stands now, and the start that the reader last heard of (None: a new date)."""

    stamped: StampedEvent
    was: date | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail is about: events to remind of, or changes to tell. `zone` is the clinic's, where visits take place.

    `unsure`: an earlier dose was never recorded, so the dates may be wrong and the reader is asked to call.
    `neutral`: there is also something that a person wants to tell first; the mail asks to call.
    `keep_on`: the windows of which no source says how long they last; they have no date and no event.
    `links`: addresses of the patient's page, in a mail about nothing else.
    `to_patient`: else a carer reads it. `full`: the reader asked to be told what the appointment is.
    """

    envelope: Envelope
    regimen_id: str
    zone: str
    events: tuple[Event, ...] = ()
    changes: tuple[Told, ...] = ()
    neutral: bool = False
    unsure: bool = False
    keep_on: tuple[WindowKind, ...] = ()
    to_patient: bool = True
    full: bool = False
    files: tuple[CalendarFile, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """How mails to a reader say what they all say in the same way."""

    facts: MailFacts
    wording: Wording
    clinic: ClinicCard

    def say(self, key: str, /, **values: object) -> str:
        """The text of the reader's language."""
        return self.wording.say(key, **values)

    def place(self) -> list[str]:
        """Where visits take place, as a line; none when the clinic has not said."""
        place = ", ".join(text.replace("\n", ", ") for text in (self.clinic.name, self.clinic.address) if text)
        return [self.say("mail.where", place=place)] if place else []

    def names(self, event: Event) -> str:
        """What an event of tasks holds."""
        # A clinic's own regimen may ask for a check that the catalogue does not know: then its plain name stands.
        keys = ((f"check.{kind}", kind.replace("-", " ")) for kind in event.checks)
        names = (self.say(key) if self.wording.has(key) else plain for key, plain in keys)
        return say_list(names, self.wording.language)

    def window(self, event: Event) -> str:
        """A window in the words of scheduling rule 18."""
        return self.say(f"line.window.{event.window}", date=self.moment(event.until or event.first_date))

    def keep_on(self) -> tuple[str, ...]:
        """What to keep up where no source says for how long (scheduling rule 15)."""
        return tuple(self.say(f"guide.window.{kind}") for kind in self.facts.keep_on)

    def arrival(self, event: Event) -> dict[str, str]:
        """When to be there, and by which clock."""
        arrival = event.arrival or event.start
        return {"arrival": self.time(arrival), "zone": say_zone(self.facts.zone, self.wording.language)}

    def time(self, moment: date | datetime) -> str:
        """The wall time at the clinic; of a civil date the date."""
        if not isinstance(moment, datetime):
            return self.moment(moment)
        return say_time(moment.astimezone(zone_of(self.facts.zone)), self.wording.language)

    def moment(self, moment: date | datetime) -> str:
        """The date, with the wall time at the clinic if there is one."""
        local = moment.astimezone(zone_of(self.facts.zone)) if isinstance(moment, datetime) else moment
        return say_moment(local, self.wording.language)

    def day(self, moment: date | datetime) -> date:
        """The civil date at the clinic."""
        return moment.astimezone(zone_of(self.facts.zone)).date() if isinstance(moment, datetime) else moment


def needs_blood_tests(event: Event) -> bool:
    """Whether it is a visit that takes place if the blood tests allow."""
    return event.kind is EventKind.INFUSION and event.day == 1 and event.cycle != 1


def in_order(event: Event) -> tuple[date, str]:
    """By date, then by key."""
    return event.first_date, event.key
