"""Judges one action against the plan as it stands: rejections first, then what needs a reason."""

from datetime import date, datetime, time, timedelta
from typing import assert_never

from scheduler.action_fields import parse_audience
from scheduler.actions import (
    Action,
    AudienceChange,
    AudienceStep,
    Away,
    Cease,
    CycleLength,
    Cycles,
    Days,
    Defer,
    Given,
    Hold,
    Intent,
    Omit,
    RegimenChange,
    Response,
    Resume,
    VisitTime,
    Void,
)
from scheduler.course import ClinicRules
from scheduler.dates import moment, to_instant, wall_time_exists
from scheduler.errors import InvalidValue, NeedsReason, Rejected
from scheduler.fold import apply, copy, scope_of
from scheduler.layout import Numbers, Slot, lay_out
from scheduler.lengths import allowed_lengths, intended_length, last_dose_day, needs_reason_for_lengths
from scheduler.plan import DoseId, DoseState
from scheduler.regimen import Scope
from scheduler.toml_reader import did_you_mean

GONE = {
    DoseState.GIVEN: "was given on {on}; void that record first",
    DoseState.OMITTED: "is omitted; void the omission first",
}


class Judge:
    """The plan before an action. `today` is None for an action that was accepted before."""

    def __init__(self, numbers: Numbers, number: int, *, today: date | None, clinic: ClinicRules) -> None:
        self._numbers = numbers
        self._number = number
        self._today = today
        self._clinic = clinic
        self._regimen = numbers.regimen
        self._layout = lay_out(numbers)

    def judge(self, action: Action) -> None:  # noqa: C901 - one branch for each kind of action
        """Raises Rejected when the action is impossible, NeedsReason when it departs without a reason."""
        if self._numbers.cease is not None:
            self._after_cease(action, self._numbers.cease)
        match action:
            case Given():
                self._given(action)
            case Defer():
                self._defer(action)
            case Hold():
                self._stands(DoseId(action.cycle, action.day), "hold")
            case Resume():
                self._resume(action)
            case Omit():
                self._omit(action)
            case CycleLength():
                self._cycle_length(action)
            case Days():
                self._days(action)
            case Cycles():
                self._cycles(action)
            case Intent():
                self._known("value", action.value, self._regimen.intents())
            case Response():
                self._cycle(action.cycle)
            case VisitTime():
                self._time(action)
            case AudienceChange():
                self._audience(action)
            case Away():
                self._away(action)
            case Cease():
                self._cease(action)
            case RegimenChange():
                self._regimen_change(action)
            case Void():
                return
            case _:  # pragma: no cover
                assert_never(action)

    # --- what every kind asks ---

    def _slot(self, dose: DoseId) -> Slot:
        slot = self._layout.find(dose)
        if slot is None:
            self._cycle(dose.cycle)
            days = ", ".join(map(str, self._numbers.days(dose.cycle)))
            message = f"cycle {dose.cycle} has no day {dose.day}; use one of its days: {days}"
            raise Rejected("no-such-dose", message, field="day")
        return slot

    def _cycle(self, cycle: int) -> None:
        count = len(self._layout.day1s)
        if cycle > count:
            message = f"the plan has no cycle {cycle}; use 1 to {count}, or record more cycles first"
            raise Rejected("no-such-cycle", message, field="cycle")

    def _stands(self, dose: DoseId, verb: str) -> Slot:
        slot = self._slot(dose)
        if slot.state in GONE:
            state = GONE[slot.state].format(on=slot.date)
            raise Rejected(f"{slot.state}-already", f"cannot {verb} {dose}: it {state}", field="day")
        return slot

    def _known(self, field: str, value: str, known: tuple[str, ...]) -> None:
        if value not in known:
            raise Rejected("unknown-value", f"{field}: {value!r} is unknown; {did_you_mean(value, known)}", field=field)

    def _after_cease(self, action: Action, cease: Cease) -> None:
        allowed = isinstance(action, Void | Response | AudienceChange)
        allowed |= isinstance(action, Given) and action.on <= cease.on
        if isinstance(action, Omit):
            allowed = self._slot(DoseId(action.cycle, action.day)).state is not DoseState.CANCELLED
        if not allowed:
            message = f"treatment was ceased on {cease.on}, so {action.kind} cannot be recorded; void the cease first"
            raise Rejected("ceased", message, field="kind")

    def _reason(self, action: Action, departure: str) -> None:
        if not action.reason:
            raise NeedsReason(departure)

    def _after(self, action: Action) -> Numbers:
        after = copy(self._numbers)
        apply(after, self._number, action, self._clinic.versions())
        return after

    def _lengths(self, action: Action) -> None:
        if not action.reason:
            after = self._after(action)
            needs_reason_for_lengths(self._numbers, after, self._layout)

    # --- given ---

    def _given(self, action: Given) -> None:
        dose = DoseId(action.cycle, action.day)
        slot = self._slot(dose)
        if slot.state in (DoseState.GIVEN, DoseState.OMITTED):
            raise Rejected(f"{slot.state}-already", f"{dose} {GONE[slot.state].format(on=slot.date)}", field="day")
        if self._today is not None and action.on > self._today:
            message = f"{dose} cannot be recorded as given on {action.on}: that is after today, {self._today}"
            raise Rejected("in-future", f"{message}; record it when it was given", field="on")
        self._given_order(dose, action.on)
        self._given_times(action)
        self._given_reasons(action, slot)

    def _given_order(self, dose: DoseId, on: date) -> None:
        first = self._layout.find(DoseId(1, 1))
        open_states = (DoseState.PLANNED, DoseState.HELD, DoseState.CANCELLED)
        if first is not None and dose != first.id and first.state in open_states:
            raise Rejected("before-first", f"{dose} cannot be given before C1D1; record C1D1 first", field="day")
        for slot in self._layout.slots:
            if slot.id < dose and slot.state is DoseState.GIVEN and slot.date >= on:
                message = f"{slot.id}, which comes before {dose}, was given on {slot.date}; give a later date than that"
                raise Rejected("out-of-order", message, field="on")
            if slot.id > dose and slot.state is DoseState.GIVEN and slot.date <= on:
                message = (
                    f"{slot.id}, which comes after {dose}, was given on {slot.date}; give an earlier date than that"
                )
                raise Rejected("out-of-order", message, field="on")
            if slot.id < dose and slot.state is DoseState.PLANNED and slot.date <= on:
                message = f"{slot.id} is still planned on {slot.date}; record, defer or omit {slot.id} first"
                raise Rejected("earlier-planned", message, field="day")

    def _given_times(self, action: Given) -> None:
        zone = self._numbers.course.zone
        started = self._instant(action.started, action.on, "started")
        ended = self._instant(action.ended, action.on, "ended")
        if isinstance(action.started, datetime) and action.started.date() != action.on:
            raise Rejected("bad-time", f"started: is not on {action.on}; mend the date or the time", field="started")
        if ended is None:
            return
        if started is not None and ended < started:
            message = "ended: is before started; past midnight write the date too, such as 2026-12-08T00:20"
            raise Rejected("ended-before-started", message, field="ended")
        longest = timedelta(minutes=max(self._regimen.infusion_minutes), hours=24)
        dose = DoseId(action.cycle, action.day)
        begun = started or moment(to_instant(action.on, self._numbers.times.get(dose, self._numbers.at), zone))
        if ended < moment(to_instant(action.on, time(0), zone)) or ended - begun > longest:
            message = f"ended: is more than a day away from {action.on}; mend the date or the time"
            raise Rejected("bad-time", message, field="ended")

    def _instant(self, wall: time | datetime | None, on: date, field: str) -> datetime | None:
        if wall is None:
            return None
        day, at = (wall.date(), wall.time()) if isinstance(wall, datetime) else (on, wall)
        self._exists(day, at, field)
        return moment(to_instant(day, at, self._numbers.course.zone, later=field == "ended"))

    def _exists(self, day: date, at: time, field: str) -> None:
        zone = self._numbers.course.zone
        if not wall_time_exists(day, at, zone):
            message = f"{field}: the clocks in {zone} skip {at:%H:%M} on {day}; write the time that they showed"
            raise Rejected("no-such-time", message, field=field)

    def _given_reasons(self, action: Given, slot: Slot) -> None:
        if action.reason:
            return
        if not action.complete:
            raise NeedsReason(f"{slot.id} was not given completely")
        if slot.id == DoseId(1, 1) and action.on < slot.date:
            raise NeedsReason(f"C1D1 was given before its planned day, {slot.date}")
        if slot.state is not DoseState.HELD and action.on == slot.date:
            return
        self._tolerance(slot, action.on)
        self._neighbours(action, slot.id)

    def _tolerance(self, slot: Slot, on: date) -> None:
        tolerance = self._regimen.day_rules[slot.id.day].tolerance_days
        away = abs((on - slot.nominal).days)
        if slot.id.day != 1 and away > tolerance:
            allowed = f"{slot.nominal} and {tolerance} days either side"
            raise NeedsReason(f"{on} is {away} days from where {slot.id} belongs; the regimen allows {allowed}")

    def _neighbours(self, action: Given, dose: DoseId) -> None:
        after = lay_out(self._after(action))
        gap = self._regimen.min_gap_days
        before, following = after.before(dose), after.next(dose)
        for near, apart in (
            (before, (action.on - before.date).days if before else gap),
            (following, (following.date - action.on).days if following else gap),
        ):
            if near is not None and apart < gap:
                departure = f"{action.on} is too close to {near.id} on {near.date}; doses are at least {gap} days apart"
                raise NeedsReason(departure)

    # --- moving ---

    def _defer(self, action: Defer) -> None:
        dose = DoseId(action.cycle, action.day)
        slot = self._stands(dose, "defer")
        scope = scope_of(action, self._regimen)
        if dose.day == 1 and scope is not Scope.COURSE:
            message = f"scope: a day 1 moves its whole cycle; leave the scope out or write {Scope.COURSE.value!r}"
            raise Rejected("bad-scope", message, field="scope")
        if dose.day != 1 and scope is Scope.COURSE:
            self._next_cycle_open(dose.cycle)
        self._room(dose, action.to, "to")
        self._beyond_last_dose(action, dose, scope)
        if not action.reason:
            self._tolerance(slot, action.to)
            self._late(slot, action.to)
        self._lengths(action)

    def _beyond_last_dose(self, action: Defer, dose: DoseId, scope: Scope) -> None:
        """Rejects a deferral that would let a cycle end before its last dose."""
        if scope is not Scope.COURSE or dose == DoseId(1, 1):
            return
        cycle = dose.cycle - 1 if dose.day == 1 else dose.cycle
        after = self._after(action)
        last = last_dose_day(lay_out(after), cycle)
        length = intended_length(after, cycle)
        if length != intended_length(self._numbers, cycle) and length <= last:
            message = f"cycle {cycle} would last {length} days and has a dose on its day {last}; move that dose first"
            raise Rejected("too-short", message, field="to")

    def _late(self, slot: Slot, to: date) -> None:
        late = (to - slot.nominal).days
        if slot.id.day != 1 and late >= self._regimen.late.omit_from_days:
            raise NeedsReason(f"{to} is {late} days later than {slot.id} belongs")

    def _room(self, dose: DoseId, to: date, field: str) -> None:
        """Rejects a date too close to the dose before, or to a given dose after."""
        gap = timedelta(days=self._regimen.min_gap_days)
        before = self._layout.before(dose)
        earliest = before.date + gap if before is not None else None
        given = [slot for slot in self._layout.slots if slot.id > dose and slot.state is DoseState.GIVEN]
        latest = min((slot.date for slot in given), default=None)
        if earliest is not None and latest is not None and earliest > latest - gap:
            message = (
                f"between {before and before.id} and the dose given on {latest} there is no room for {dose}; omit it"
            )
            raise Rejected("gap", message, field=field)
        if earliest is not None and to < earliest:
            message = f"{dose} on {to} is too close to {before and before.id}; the first possible date is {earliest}"
            raise Rejected("gap", message, field=field)
        if latest is not None and to > latest - gap:
            span = f"{latest - gap} or earlier" if earliest is None else f"{earliest} to {latest - gap}"
            message = f"{dose} on {to} is too close to the dose given on {latest}; choose {span}"
            raise Rejected("gap", message, field=field)

    def _next_cycle_open(self, cycle: int) -> None:
        if DoseId(cycle + 1, 1) in self._numbers.given:
            message = f"the length of cycle {cycle} is settled, since C{cycle + 1}D1 was given"
            raise Rejected("length-settled", f"{message}; move the dose alone (scope 'dose')", field="cycle")

    def _resume(self, action: Resume) -> None:
        dose = DoseId(action.cycle, action.day)
        self._slot(dose)
        if self._numbers.first_held() is None:
            raise Rejected(
                "no-hold", f"nothing is on hold, so {dose} cannot be resumed; defer it to move it", field="day"
            )
        held = [slot.id for slot in self._layout.slots if slot.state is DoseState.HELD]
        if not held or dose != held[0]:
            first = (
                f"the first dose on hold is {held[0]}; resume that one, or omit it first"
                if held
                else "the plan has no dose on hold any more; defer it to move it"
            )
            raise Rejected("not-first-held", f"{dose} cannot be resumed: {first}", field="day")
        self._room(dose, action.on, "on")

    # --- leaving out, lengths, numbers ---

    def _omit(self, action: Omit) -> None:
        dose = DoseId(action.cycle, action.day)
        self._stands(dose, "omit")
        later = [slot for slot in self._layout.slots if slot.id > dose]
        kept = [slot for slot in later if slot.counted or slot.state is DoseState.HELD]
        if not kept and self._numbers.cease is None:
            message = (
                f"{dose} is the last dose of the course and cannot be omitted; record that treatment ceases instead"
            )
            raise Rejected("last-dose", message, field="day")
        if dose.day != 1:
            return
        if any(slot.id.cycle == dose.cycle and slot.state is DoseState.PLANNED for slot in later):
            message = (
                f"{dose} cannot be omitted while a later dose of its cycle is planned; hold or defer {dose} instead"
            )
            raise Rejected("day-1-anchors", message, field="day")
        self._reason(action, f"{dose} starts its cycle and would be left out")

    def _cycle_length(self, action: CycleLength) -> None:
        self._cycle(action.cycle)
        if DoseId(action.cycle + 1, 1) in self._numbers.given:
            message = f"the length of cycle {action.cycle} is settled, since C{action.cycle + 1}D1 was given"
            raise Rejected("length-settled", f"{message}; void that record first", field="cycle")
        last = last_dose_day(self._layout, action.cycle)
        if action.days <= last:
            message = f"cycle {action.cycle} has a dose on its day {last}; give a length of {last + 1} days or more"
            raise Rejected("too-short", message, field="days")
        template = self._regimen.template(action.cycle)
        if not template.shortest <= action.days <= template.longest:
            departure = f"cycle {action.cycle} would last {action.days} days, and the regimen allows"
            self._reason(action, f"{departure} {allowed_lengths(template)}")

    def _days(self, action: Days) -> None:
        self._cycle(action.cycle)
        known = self._regimen.template(action.cycle).days
        unknown = [day for day in action.days if day not in known]
        if unknown:
            message = f"the regimen has no day {unknown[0]} in cycle {action.cycle}; choose among {list(known)}"
            raise Rejected("no-such-day", message, field="days")
        if 1 not in action.days:
            raise Rejected("no-day-1", "days: day 1 starts every cycle and cannot be left out; add it", field="days")
        self._reason(
            action, f"from cycle {action.cycle} on only days {', '.join(map(str, action.days))} would be given"
        )

    def _cycles(self, action: Cycles) -> None:
        last = max((dose.cycle for dose in self._numbers.given), default=0)
        if action.count < last:
            message = f"count: a dose of cycle {last} was given; use {last} or more cycles"
            raise Rejected("cycles-given", message, field="count")
        maximum = self._regimen.counts[self._numbers.intent].maximum
        if action.count > maximum:
            self._reason(action, f"{action.count} cycles are more than the {maximum} of the regimen")

    # --- the rest ---

    def _time(self, action: VisitTime) -> None:
        if (action.cycle is None) != (action.day is None):
            missing = "cycle" if action.cycle is None else "day"
            message = f"{missing}: is missing; name cycle and day of one visit, or neither for all"
            raise Rejected("missing-field", message, field=missing)
        if action.cycle is not None and action.day is not None:
            slot = self._slot(DoseId(action.cycle, action.day))
            self._exists(slot.date, action.at, "at")

    def _audience(self, action: AudienceChange) -> None:
        try:
            audience = parse_audience(action.value)
        except InvalidValue as fault:
            raise Rejected("unknown-value", str(fault), field="value") from None
        self._known("value", audience.name, self._regimen.audiences())
        if self._today is None:  # recorded before: a step that has become needless harms nobody
            return
        adds = action.change is AudienceStep.ADD
        if adds is (audience.name in self._numbers.audiences):
            has, lacks = "is on the course already; make it private or shown", "is not on the course; add it instead"
            message = has if adds else lacks
            raise Rejected("audience", f"value: {audience.name!r} {message}", field="value")
        if audience.private and not adds:
            message = f"value: ':private' belongs to {AudienceStep.ADD.value!r}; use the change 'private' instead"
            raise Rejected("unknown-value", message, field="value")

    def _away(self, action: Away) -> None:
        if action.to < action.from_:
            raise Rejected("bad-span", f"to: {action.to} is before {action.from_}; swap the dates", field="to")

    def _cease(self, action: Cease) -> None:
        for slot in self._layout.slots:
            if slot.state is DoseState.GIVEN and slot.date > action.on:
                message = f"{slot.id} was given on {slot.date}, after {action.on}; give that date or a later one"
                raise Rejected("given-after", message, field="on")

    def _regimen_change(self, action: RegimenChange) -> None:
        newest = self._clinic.newest or self._regimen
        if self._today is not None:  # what was recorded before may have been followed by a still newer one
            self._known("version", action.version, tuple(dict.fromkeys((self._regimen.version, newest.version))))
        intent = self._numbers.intent
        if intent not in self._clinic.versions().get(action.version, self._regimen).counts:
            message = f"version {action.version} knows no intent {intent!r}; record another intent first"
            raise Rejected("unknown-intent", message, field="version")
