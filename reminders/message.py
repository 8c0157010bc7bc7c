"""The words of a mail: from events and changes to a subject, and the same content as text and as HTML. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from calendars.kinds import ClinicCard
from calendars.wording import Wording, opening, say_date, say_near
from reminders.message_changes import Changes, stands
from reminders.mime import Block, Letter, serialise
from reminders.speaking import MailFacts, Speaker, Told, in_order, needs_blood_tests
from scheduler.events import Event, EventKind

__all__ = ["MailFacts", "Told", "compose", "render"]

# What a person comes for: a mail about several of them is about the first.
TO_COME_FOR = (EventKind.INFUSION, EventKind.STAY, EventKind.DISCONNECT, EventKind.BAG_CHANGE)


def render(facts: MailFacts, wording: Wording, clinic: ClinicCard) -> bytes:
    """The mail, ready to send, with CRLF line ends. The same facts give the same bytes."""
    letter = compose(facts, wording, clinic)
    return serialise(letter, facts.envelope, language=wording.language, direction=wording.direction, files=facts.files)


def compose(facts: MailFacts, wording: Wording, clinic: ClinicCard) -> Letter:
    """The mail's subject and content, in the reader's language."""
    return _Writer(facts=facts, wording=wording, clinic=clinic).letter()


# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer(Speaker):
    def letter(self) -> Letter:
        topic, first = self._topic()
        values = {"date": say_near(first, self.wording.language)} if first else {}
        blocks = [
            Block(lines=(self.say("mail.hello"),)),
            *self._to_a_carer(),
            Block(lines=(self.say(f"mail.lead.{topic}", **values),)),
            *self._please_call(topic),
            *self._links(),
            *(self._changes().blocks() if self.facts.changes else self._reminders()),
            *self._ready(topic),
            self._call(),
            Block(
                heading=self.say("mail.note"),
                lines=(self.say("mail.silence"), self.say("mail.mailbox")),
            ),
        ]
        if self.clinic.name:
            blocks.append(Block(lines=(self.say("mail.sender", clinic=self.clinic.name),)))
        blocks += self._stop()
        return Letter(subject=self._subject(topic, first, values), blocks=tuple(blocks))

    def _subject(self, topic: str, first: date | None, values: dict[str, str]) -> str:
        visits = self._of(EventKind.INFUSION)
        if self.facts.full and topic == "visit" and [self._day_of(visit) for visit in visits] == [first]:
            return self.say("mail.full.subject", cycle=visits[0].cycle, day=visits[0].day, **values)
        return self.say(f"mail.subject.{topic}" if self.facts.to_patient else f"mail.carer.subject.{topic}", **values)

    def _to_a_carer(self) -> Iterable[Block]:
        if not self.facts.to_patient:
            yield Block(lines=(self.say("mail.carer.you"),))

    def _please_call(self, topic: str) -> Iterable[Block]:
        if self.facts.neutral and topic != "neutral":
            yield Block(lines=(self.say("mail.neutral"),))

    def _links(self) -> Iterable[Block]:
        if self.facts.links:
            yield Block(lines=(self.say("mail.link"), *self.facts.links))

    def _stop(self) -> Iterable[Block]:
        if self.facts.envelope.unsubscribe:
            yield Block(lines=(self.say("mail.stop"), self.facts.envelope.unsubscribe))

    # -- What it is about -----------------------------------------------------------------------------------------

    def _topic(self) -> tuple[str, date | None]:
        if self.facts.links:
            return "link", None
        if self.facts.changes:
            return "change", None
        if self.facts.neutral and not self.facts.events:
            return "neutral", None
        for topic, kinds in (("visit", TO_COME_FOR), ("check", (EventKind.CHECK,)), ("home", (EventKind.HOME,))):
            days = [self._day_of(event) for kind in kinds for event in self._of(kind) if not _is_milestone(event)]
            if days:
                return topic, min(days)
        return "date", None

    def _of(self, kind: EventKind) -> list[Event]:
        return sorted((event for event in self.facts.events if event.kind is kind), key=in_order)

    # -- Reminders ------------------------------------------------------------------------------------------------

    def _reminders(self) -> Iterable[Block]:
        yield from (self._visit(event) for event in self._of(EventKind.INFUSION))
        yield from (self._stay(event) for event in self._of(EventKind.STAY))
        yield from (self._pump(event, "mail.bag") for event in self._of(EventKind.BAG_CHANGE))
        yield from (self._pump(event, "mail.pump") for event in self._of(EventKind.DISCONNECT))
        checks = tuple(self._check(event) for event in self._of(EventKind.CHECK))
        if checks:
            yield Block(heading=self.say("mail.checks"), lines=(*checks, self.say("guide.tests")))
        at_home = tuple(self._at_home(event) for event in self._of(EventKind.HOME))
        if at_home:
            yield Block(heading=self.say("mail.home"), lines=(*at_home, self.say("line.home")))
        windows = tuple(self.window(event) for event in self._of(EventKind.WINDOW))
        if windows:
            yield Block(heading=self.say("mail.windows"), lines=(*windows, *self.keep_on()))

    def _visit(self, event: Event) -> Block:
        lines = [self.say("mail.full.visit", cycle=event.cycle, day=event.day)] if self.facts.full else []
        lines += [self.say("mail.come", **self.arrival(event))]
        lines += [self.say("mail.start", start=self.time(event.start))]
        leave = event.leave_not_before
        lines.append(self.say("mail.leave", leave=self.time(leave)) if leave else self.say("mail.leave-open"))
        lines += self._reservations(event)
        lines += self.place()
        return Block(heading=self._heading(event), lines=tuple(lines))

    def _reservations(self, event: Event) -> list[str]:
        lines = [] if event.confirmed else [self.say("line.may-change")]
        if needs_blood_tests(event):
            lines.append(self.say("line.day-one"))
        return [*lines, self.say("mail.check-date")] if self.facts.unsure else lines

    def _stay(self, event: Event) -> Block:
        key = "mail.stay" if event.end != event.start else "mail.stay-day"
        lines = [self.say(key, end=self.moment(event.end)), self.say("mail.stay-where"), *self._reservations(event)]
        return Block(heading=self._heading(event), lines=tuple(lines))

    def _pump(self, event: Event, key: str) -> Block:
        values = self.arrival(event)
        return Block(heading=self._heading(event), lines=(self.say(key, **values), *self._reservations(event)))

    def _heading(self, event: Event) -> str:
        return opening(say_date(self._day_of(event), self.wording.language))

    def _day_of(self, event: Event) -> date:
        return self.day(event.arrival or event.start)

    def _check(self, event: Event) -> str:
        key = "mail.milestone" if _is_milestone(event) else "mail.check"
        day = say_date(event.first_date, self.wording.language)
        return opening(self.say(key, date=day, checks=self.names(event)))

    def _at_home(self, event: Event) -> str:
        return self.say(
            "mail.home-from", date=say_date(event.first_date, self.wording.language), checks=self.names(event)
        )

    def _changes(self) -> Changes:
        return Changes(facts=self.facts, wording=self.wording, clinic=self.clinic)

    # -- What every mail says -------------------------------------------------------------------------------------

    def _ready(self, topic: str) -> Iterable[Block]:
        if topic == "visit" or (topic == "change" and any(stands(told) for told in self.facts.changes)):
            keys = ("mail.eat", "mail.feel", "guide.bring")
            yield Block(heading=self.say("mail.ready"), lines=tuple(self.say(key) for key in keys))

    def _call(self) -> Block:
        clinic = self.clinic
        signs = f"guide.signs.{self.facts.regimen_id}"
        lines = [self.say("mail.cannot-come")]
        lines += [self.say("mail.number", phone=_unbroken(clinic.phone))] if clinic.phone else []
        lines += [
            self._fever(_unbroken(clinic.after_hours_phone or clinic.phone)),
            self.say("guide.emergency", number=_unbroken(clinic.emergency_number))
            if clinic.emergency_number
            else self.say("guide.emergency-any"),
            self.say(signs if self.wording.has(signs) else "guide.signs"),
        ]
        return Block(heading=self.say("mail.call"), lines=tuple(lines))

    def _fever(self, phone: str) -> str:
        if not phone:
            return self.say("mail.fever-no-number")
        if not self.clinic.fever_threshold:
            return self.say("mail.fever-any", phone=phone)
        return self.say("mail.fever", threshold=self.clinic.fever_threshold, phone=phone)


def _is_milestone(event: Event) -> bool:
    return event.kind is EventKind.CHECK and event.day is None


def _unbroken(phone: str) -> str:
    """A number that no line end cuts in two."""
    return phone.replace(" ", "\u00a0")
