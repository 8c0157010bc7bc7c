"""The words of a mail: from events and changes to a subject, and the same content as text and as HTML. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from calendars.kinds import ClinicCard
from calendars.wording import Wording, opening, say_date, say_list, say_moment, say_near, say_time, say_zone
from reminders.calendar_files import CalendarFile
from reminders.mime import Block, Envelope, Letter, serialise
from scheduler.dates import zone_of
from scheduler.events import Cancelled, Event, EventKind, StampedEvent

CYCLES_TOLD = 2  # of a change: the cycle that runs and the next


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
    `to_patient`: else a carer reads it. `full`: the reader asked to be told what the appointment is.
    """

    envelope: Envelope
    regimen_id: str
    zone: str
    events: tuple[Event, ...] = ()
    changes: tuple[Told, ...] = ()
    neutral: bool = False
    unsure: bool = False
    to_patient: bool = True
    full: bool = False
    files: tuple[CalendarFile, ...] = ()


def render(facts: MailFacts, wording: Wording, clinic: ClinicCard) -> bytes:
    """The mail, ready to send, with CRLF line ends. The same facts give the same bytes."""
    letter = compose(facts, wording, clinic)
    return serialise(letter, facts.envelope, language=wording.language, direction=wording.direction, files=facts.files)


def compose(facts: MailFacts, wording: Wording, clinic: ClinicCard) -> Letter:
    """The mail's subject and content, in the reader's language."""
    return _Writer(facts=facts, wording=wording, clinic=clinic).letter()


# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    facts: MailFacts
    wording: Wording
    clinic: ClinicCard

    def letter(self) -> Letter:
        topic, first = self._topic()
        values = {"date": say_near(first, self.wording.language)} if first else {}
        blocks = [
            Block(lines=(self._say("mail.hello"),)),
            *self._to_a_carer(),
            Block(lines=(self._say(f"mail.lead.{topic}", **values),)),
            *self._please_call(topic),
            *(self._changes() if self.facts.changes else self._reminders()),
            *self._ready(topic),
            self._call(),
            Block(
                heading=self._say("mail.note"),
                lines=(self._say("mail.silence"), self._say("mail.mailbox")),
            ),
        ]
        if self.clinic.name:
            blocks.append(Block(lines=(self._say("mail.sender", clinic=self.clinic.name),)))
        blocks += self._stop()
        return Letter(subject=self._subject(topic, values), blocks=tuple(blocks))

    def _subject(self, topic: str, values: dict[str, str]) -> str:
        visits = self._of(EventKind.INFUSION)
        if self.facts.full and topic == "visit" and len(visits) == 1:
            return self._say("mail.full.subject", cycle=visits[0].cycle, day=visits[0].day, **values)
        return self._say(f"mail.subject.{topic}" if self.facts.to_patient else f"mail.carer.subject.{topic}", **values)

    def _to_a_carer(self) -> Iterable[Block]:
        if not self.facts.to_patient:
            yield Block(lines=(self._say("mail.carer.you"),))

    def _please_call(self, topic: str) -> Iterable[Block]:
        if self.facts.neutral and topic != "neutral":
            yield Block(lines=(self._say("mail.neutral"),))

    def _stop(self) -> Iterable[Block]:
        if self.facts.envelope.unsubscribe:
            yield Block(lines=(self._say("mail.stop"), self.facts.envelope.unsubscribe))

    # -- What it is about -----------------------------------------------------------------------------------------

    def _topic(self) -> tuple[str, date | None]:
        if self.facts.changes:
            return "change", None
        if self.facts.neutral and not self.facts.events:
            return "neutral", None
        for kind, topic in ((EventKind.INFUSION, "visit"), (EventKind.CHECK, "check")):
            found = [event for event in self._of(kind) if not _is_milestone(event)]
            if found:
                return topic, self._day(found[0].arrival or found[0].start)
        return "date", None

    def _of(self, kind: EventKind) -> list[Event]:
        return sorted((event for event in self.facts.events if event.kind is kind), key=_order)

    # -- Reminders ------------------------------------------------------------------------------------------------

    def _reminders(self) -> Iterable[Block]:
        yield from (self._visit(event) for event in self._of(EventKind.INFUSION))
        checks = tuple(self._check(event) for event in self._of(EventKind.CHECK))
        if checks:
            yield Block(heading=self._say("mail.checks"), lines=(*checks, self._say("guide.tests")))
        windows = tuple(self._window(event) for event in self._of(EventKind.WINDOW))
        if windows:
            yield Block(heading=self._say("mail.windows"), lines=windows)

    def _visit(self, event: Event) -> Block:
        arrival = event.arrival or event.start
        lines = [self._say("mail.full.visit", cycle=event.cycle, day=event.day)] if self.facts.full else []
        lines += [self._say("mail.come", **self._arrival(event))]
        lines += [self._say("mail.start", start=self._time(event.start))]
        if event.leave_not_before:
            lines.append(self._say("mail.leave", leave=self._time(event.leave_not_before)))
        lines += self._reservations(event)
        lines += self._place()
        return Block(heading=opening(say_date(self._day(arrival), self.wording.language)), lines=tuple(lines))

    def _reservations(self, event: Event) -> list[str]:
        lines = [] if event.confirmed else [self._say("line.may-change")]
        if _needs_blood_tests(event):
            lines.append(self._say("line.day-one"))
        return [*lines, self._say("mail.check-date")] if self.facts.unsure else lines

    def _place(self) -> list[str]:
        place = ", ".join(text.replace("\n", ", ") for text in (self.clinic.name, self.clinic.address) if text)
        return [self._say("mail.where", place=place)] if place else []

    def _check(self, event: Event) -> str:
        key = "mail.milestone" if _is_milestone(event) else "mail.check"
        day = say_date(event.first_date, self.wording.language)
        return opening(self._say(key, date=day, checks=self._names(event)))

    def _names(self, event: Event) -> str:
        # A clinic's own regimen may ask for a check that the catalogue does not know: then its plain name stands.
        keys = ((f"check.{kind}", kind.replace("-", " ")) for kind in event.checks)
        names = (self._say(key) if self.wording.has(key) else plain for key, plain in keys)
        return say_list(names, self.wording.language)

    def _window(self, event: Event) -> str:
        return self._say(f"line.window.{event.window}", date=self._moment(event.until or event.first_date))

    # -- Changes --------------------------------------------------------------------------------------------------

    def _changes(self) -> Iterable[Block]:
        told = sorted(self.facts.changes, key=lambda each: _order(each.stamped.event))
        near, later = _near_and_later(told)
        lines = [self._change(each) for each in near]
        if later:
            lines.append(self._say("mail.later.moved" if any(map(_stands, later)) else "mail.later.gone"))
        yield Block(heading=self._say("mail.news"), lines=tuple(lines))
        standing = [each.stamped.event for each in told if each.stamped.cancelled is None]
        if any(event.kind is EventKind.INFUSION for event in standing):
            reservations = ["mail.check-date"] if self.facts.unsure else []
            reservations += [] if all(event.confirmed for event in standing) else ["mail.may-change"]
            yield Block(lines=(*self._place(), *(self._say(key) for key in reservations)))

    def _change(self, told: Told) -> str:
        event = told.stamped.event
        role = {EventKind.INFUSION: "visit", EventKind.CHECK: "check"}.get(event.kind, "window")
        if role == "window":
            return f"{self._say('mail.window.changed' if told.was else 'mail.window.added')} {self._window(event)}"
        values = {"date": self._moment(event.start)} | ({"was": self._moment(told.was)} if told.was else {})
        values |= {"checks": self._names(event)} if role == "check" else self._arrival(event)
        news = self._say(f"mail.{role}.{_step(told)}", **values)
        return f"{news} {self._say('line.day-one')}" if _stands(told) and _needs_blood_tests(event) else news

    # -- What every mail says -------------------------------------------------------------------------------------

    def _ready(self, topic: str) -> Iterable[Block]:
        if topic == "visit" or (topic == "change" and any(_stands(told) for told in self.facts.changes)):
            keys = ("mail.eat", "mail.feel", "guide.bring")
            yield Block(heading=self._say("mail.ready"), lines=tuple(self._say(key) for key in keys))

    def _call(self) -> Block:
        clinic = self.clinic
        signs = f"guide.signs.{self.facts.regimen_id}"
        lines = [self._say("mail.cannot-come")]
        lines += [self._say("mail.number", phone=_unbroken(clinic.phone))] if clinic.phone else []
        lines += [
            self._fever(_unbroken(clinic.after_hours_phone or clinic.phone)),
            self._say("guide.emergency", number=_unbroken(clinic.emergency_number))
            if clinic.emergency_number
            else self._say("guide.emergency-any"),
            self._say(signs if self.wording.has(signs) else "guide.signs"),
        ]
        return Block(heading=self._say("mail.call"), lines=tuple(lines))

    def _fever(self, phone: str) -> str:
        if not phone:
            return self._say("mail.fever-no-number")
        if not self.clinic.fever_threshold:
            return self._say("mail.fever-any", phone=phone)
        return self._say("mail.fever", threshold=self.clinic.fever_threshold, phone=phone)

    # -- Times ----------------------------------------------------------------------------------------------------

    def _arrival(self, event: Event) -> dict[str, str]:
        arrival = event.arrival or event.start
        return {"arrival": self._time(arrival), "zone": say_zone(self.facts.zone, self.wording.language)}

    def _time(self, moment: date | datetime) -> str:
        if not isinstance(moment, datetime):
            return self._moment(moment)
        return say_time(moment.astimezone(zone_of(self.facts.zone)), self.wording.language)

    def _moment(self, moment: date | datetime) -> str:
        local = moment.astimezone(zone_of(self.facts.zone)) if isinstance(moment, datetime) else moment
        return say_moment(local, self.wording.language)

    def _day(self, moment: date | datetime) -> date:
        return moment.astimezone(zone_of(self.facts.zone)).date() if isinstance(moment, datetime) else moment

    def _say(self, key: str, /, **values: object) -> str:
        return self.wording.say(key, **values)


def _step(told: Told) -> str:
    if told.stamped.cancelled is Cancelled.TO_BE_ARRANGED and told.stamped.event.kind is EventKind.INFUSION:
        return "held"
    if told.stamped.cancelled is not None:
        return "gone"
    return "moved" if told.was else "added"


def _needs_blood_tests(event: Event) -> bool:
    return event.kind is EventKind.INFUSION and event.day == 1 and event.cycle != 1


def _near_and_later(told: Sequence[Told]) -> tuple[list[Told], list[Told]]:
    """The changes of the first two cycles that change, with those of no cycle, and the others.

    A dose that is held takes forty dates along: told one by one, the next visit would drown among them.
    """
    cycles = sorted({each.stamped.event.cycle or 0 for each in told} - {0})[:CYCLES_TOLD]
    near = [each for each in told if each.stamped.event.cycle is None or each.stamped.event.cycle in cycles]
    return near, [each for each in told if each not in near]


def _stands(told: Told) -> bool:
    return told.stamped.cancelled is None and told.stamped.event.kind is EventKind.INFUSION


def _is_milestone(event: Event) -> bool:
    return event.kind is EventKind.CHECK and event.day is None


def _order(event: Event) -> tuple[date, str]:
    return event.first_date, event.key


def _unbroken(phone: str) -> str:
    """A number that no line end cuts in two."""
    return phone.replace(" ", "\u00a0")
