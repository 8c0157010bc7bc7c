"""What an event says to people: its title and its lines, by how much the calendar may tell."""

from dataclasses import dataclass
from datetime import date, datetime

from calendars.guide import Guide
from calendars.kinds import ClinicCard, Detail
from calendars.wording import Wording, say_date, say_day, say_list, say_moment, say_time, together
from scheduler.dates import zone_of
from scheduler.events import Cancelled, Event, EventKind, StampedEvent
from scheduler.regimen import Regimen, When, WindowKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The words of one view.

    They follow from the event alone, so a text changes only when its event's stamps do; and from `kept_on` (what is to
    be kept up without a date, by `calendars.view.kept_on`), with which all of a feed counts as changed.
    """

    wording: Wording
    detail: Detail
    clinic: ClinicCard
    regimen: Regimen
    zone: str
    kept_on: tuple[WindowKind, ...] = ()

    def calendar_title(self) -> str:
        """The calendar's own name; it is seen on lock screens, so only `full` says what it is about."""
        level = Detail.FULL if self.detail is Detail.FULL else Detail.DISCREET
        return self.wording.say(f"calendar.title.{level}")

    def title(self, stamped: StampedEvent) -> str:
        """The event's title; empty at `busy`."""
        event, say = stamped.event, self.wording.say
        if self.detail is Detail.BUSY:
            return ""
        if stamped.cancelled is Cancelled.TO_BE_ARRANGED:
            return say("event.to-be-arranged")
        title = self.plain_title(event)
        if stamped.cancelled is not None:
            return say("event.cancelled", title=title)
        # A neutral title stays the same for every date, or it would tell which ones are windows.
        says_so = self.detail is Detail.FULL and not event.confirmed and event.kind is not EventKind.WINDOW
        return say("event.may-change", title=title) if says_so else title

    def lines(self, stamped: StampedEvent) -> tuple[str, ...]:
        """What is to be known of this event beside its title and time; empty at `busy`."""
        if self.detail is Detail.BUSY:
            return ()
        if stamped.cancelled is not None:
            return (self._gone(stamped.cancelled),)
        event = stamped.event
        lines = self._full_lines(event) if self.detail is Detail.FULL else self._discreet_lines(event)
        # At `full` the title says it already, and a window's sentence says "it may move later".
        if not event.confirmed and self.detail is Detail.DISCREET:
            lines += (self.wording.say("line.may-change"),)
        if stamped.moved_from is not None:
            by_team = self.detail is Detail.FULL and event.kind is not EventKind.WINDOW
            key = "line.moved-by-team" if by_team else "line.moved"
            lines += (self.wording.say(key, moment=self.moment(stamped.moved_from)),)
        return lines

    def updated(self, at: datetime) -> str:
        """When the event last changed, in the clinic's zone; empty at `busy`."""
        return "" if self.detail is Detail.BUSY else self.wording.say("line.updated", moment=self.moment(at))

    def guidance(self) -> tuple[str, ...]:
        """What holds for all visits: when you may leave, what to bring, when to call and whom. At `full` only."""
        return (self.guide().leave(), *self.guide().each_visit()) if self.detail is Detail.FULL else ()

    def beside(self, stamped: StampedEvent) -> tuple[str, ...]:
        """What a calendar adds to the event's own lines, since its entries are read one by one. At `full` only."""
        if self.detail is not Detail.FULL or stamped.cancelled is not None:
            return ()
        match stamped.event.kind:
            case EventKind.INFUSION:
                return (*self.guide().each_visit(), *self.keep_on())
            case EventKind.OBSERVATION:
                return self._leave(stamped.event)
            case EventKind.CHECK:
                return (self.wording.say("guide.tests"), self.guide().whom_to_call())
            case EventKind.BAG_CHANGE | EventKind.DISCONNECT | EventKind.HOME | EventKind.STAY:
                return (self.guide().whom_to_call(),)
            case EventKind.WINDOW:
                return ()

    def keep_on(self) -> tuple[str, ...]:
        """What to keep up where no source says for how long (scheduling rule 15). At `full` only."""
        kinds = self.kept_on if self.detail is Detail.FULL else ()
        return tuple(self.wording.say(f"guide.window.{kind}") for kind in kinds)

    def guide(self) -> Guide:
        """What holds for each visit."""
        return Guide(wording=self.wording, clinic=self.clinic, regimen_id=self.regimen.id)

    def brief(self, event: Event) -> str:
        """The title where cycle, day and date stand beside it."""
        if self.detail is Detail.FULL and event.kind is EventKind.INFUSION:
            return self.wording.say("print.infusion", drug=self._drugs(event))
        return self.plain_title(event)

    def plain_title(self, event: Event) -> str:
        """What the event is, whatever became of it; empty at `busy`."""
        if self.detail is Detail.BUSY:
            return ""
        return (
            self._full_title(event)
            if self.detail is Detail.FULL
            else self.wording.say(f"event.{_role(event)}.discreet")
        )

    def place(self, event: Event) -> str:
        """Where a visit takes place. At `full` only: the name of a ward is a diagnosis."""
        if self.detail is not Detail.FULL or event.all_day:
            return ""
        return ", ".join(text for text in (self.clinic.name, self.clinic.address) if text)

    def moment(self, moment: date | datetime) -> str:
        """A date, or a date and the wall time in the clinic's zone, in words."""
        if isinstance(moment, datetime):
            moment = moment.astimezone(zone_of(self.zone))
        return say_moment(moment, self.wording.language)

    def time(self, instant: datetime, on: date) -> str:
        """The wall time of `instant` in the clinic's zone; with its date where that is not `on`."""
        local, language = instant.astimezone(zone_of(self.zone)), self.wording.language
        if local.date() == on:
            return say_time(local, language)
        return self.wording.say("line.time-on", time=say_time(local, language), date=say_date(local.date(), language))

    # ---------------------------------------------------------------------------------------------------------

    def _full_title(self, event: Event) -> str:
        values = {
            "drug": self._drugs(event),
            "cycle": event.cycle,
            "day": event.day,
            "checks": self._checks(event),
            "date": self._until(event, say_day(event.first_date, self.wording.language)),
        }
        role = _role(event)
        if role == "check":
            role += ".after" if event.when is When.AFTER else ".before"
        if event.kind is EventKind.WINDOW:
            role += f".{event.window}"
        return self.wording.say(f"event.{role}.full", **values)

    def _full_lines(self, event: Event) -> tuple[str, ...]:
        say, day = self.wording.say, event.first_date
        match event.kind:
            case EventKind.INFUSION:
                return (
                    *self._come(event),
                    self._infusion(event),
                    *self._leave(event),
                    *self._if_blood_tests_allow(event),
                )
            case EventKind.OBSERVATION:
                return (say("line.second-part"), say("line.stay"))
            case EventKind.CHECK:
                return () if event.day is None else (say("line.check-of", cycle=event.cycle, day=event.day),)
            case EventKind.STAY:
                return (say("line.hospital", start=self._wall(event.start, day), end=self._wall(event.end, day)),)
            case EventKind.BAG_CHANGE | EventKind.DISCONNECT | EventKind.HOME:
                return (say(f"line.{event.kind}"),)
            case EventKind.WINDOW:
                date_said = self._until(event, say_date(day, self.wording.language))
                return (say(f"line.window.{event.window}", date=date_said),)

    def _discreet_lines(self, event: Event) -> tuple[str, ...]:
        match event.kind:
            case EventKind.INFUSION:
                return self._come(event)
            case EventKind.OBSERVATION:
                return (self.wording.say("line.second-part"),)
            case _:
                return (self.wording.say("line.ask"),)

    def _until(self, event: Event, day: str) -> str:
        """The day, with the hour of a window that is counted in hours."""
        return together(day, self.time(event.until, event.first_date) if event.until else "", self.wording.language)

    def _drugs(self, event: Event) -> str:
        names = event.agents or tuple(agent.name for agent in self.regimen.ranked)
        return say_list(names, self.wording.language)

    def _infusion(self, event: Event) -> str:
        day = event.first_date
        if event.open_end:
            return self.wording.say("line.infusion-open", start=self._wall(event.start, day))
        return self.wording.say("line.infusion", start=self._wall(event.start, day), end=self._wall(event.end, day))

    def _come(self, event: Event) -> tuple[str, ...]:
        if event.arrival is None:
            return ()
        return (self.wording.say("line.come", arrival=self._wall(event.arrival, event.first_date)),)

    def _leave(self, event: Event) -> tuple[str, ...]:
        if event.leave_not_before is None:
            return ()
        return (self.wording.say("line.leave", leave=self._wall(event.leave_not_before, event.first_date)),)

    def _if_blood_tests_allow(self, event: Event) -> tuple[str, ...]:
        # Counts gate the start of each cycle after the first (scheduling rule 22), whether it is near or far.
        return (self.wording.say("line.day-one"),) if event.day == 1 and event.cycle != 1 else ()

    def _wall(self, moment: date | datetime, on: date) -> str:
        return self.time(moment, on) if isinstance(moment, datetime) else self.moment(moment)

    def _checks(self, event: Event) -> str:
        # A clinic's own regimen may ask for a check that the catalogue does not know: then its plain name stands.
        names = {kind: f"check.{kind}" for kind in event.checks}
        known = (self.wording.say(key) if self.wording.has(key) else kind for kind, key in names.items())
        return say_list(known, self.wording.language)

    def _gone(self, cancelled: Cancelled) -> str:
        if self.detail is not Detail.FULL and cancelled is Cancelled.NOT_HAPPENING:
            return self.wording.say("line.cancelled.discreet")
        return self.wording.say("line.to-be-arranged" if cancelled is Cancelled.TO_BE_ARRANGED else "line.cancelled")


# -------------------------------------------------------------------------------------------------------------


def _role(event: Event) -> str:
    # A check that hangs on the end of a cycle is no test to come for, but a point at which the next steps are decided.
    return "milestone" if event.kind is EventKind.CHECK and "/end/" in event.key else str(event.kind)
