"""The plan's remarks on itself (scheduling rules, Advice). It remarks; the treating team decides."""

from collections.abc import Iterator
from datetime import date

from scheduler.actions import HoldCause, ResponseValue
from scheduler.closures import Closures, proposal
from scheduler.course import ClinicRules
from scheduler.layout import Layout, Numbers, Slot
from scheduler.lengths import allowed_lengths
from scheduler.plan import Advice, DoseId, DoseState, Severity, Suggestion
from scheduler.regimen import Cite
from scheduler.why import day_text

ON_HOLD_DAYS = (7, 14, 28)
URGENT_AFTER_DAYS = 2  # by then a day has passed since the hour of the visit
UNSURE_AFTER_DAYS = 3


def advice(numbers: Numbers, layout: Layout, clinic: ClinicRules, today: date) -> tuple[Advice, ...]:
    """All remarks on the plan as seen on `today`, those of the course first, then by dose."""
    adviser = _Adviser(numbers, layout, clinic, today)
    found = [*adviser.on_course(), *adviser.on_cycles(), *adviser.on_doses()]
    return tuple(sorted(found, key=lambda one: (one.cycle or 0, one.day or 0)))


def cited(sentence: str, cite: Cite) -> str:
    """The sentence with its source; a source that was not read shows as such."""
    return f"{sentence} ({cite})" if cite.verified else f"{sentence} ({cite.place}): {UNREAD}"


UNREAD = "not verified, check the label"

# ---------------------------------------------------------------------------------------------------------------------


class _Adviser:
    def __init__(self, numbers: Numbers, layout: Layout, clinic: ClinicRules, today: date) -> None:
        self._numbers = numbers
        self._regimen = numbers.regimen
        self._layout = layout
        self._clinic = clinic
        self._today = today
        self._closures = Closures(numbers, clinic)
        self._planned = [slot for slot in layout.slots if slot.state is DoseState.PLANNED]
        self._counted = layout.counted

    # --- the course as a whole ---

    def on_course(self) -> Iterator[Advice]:
        yield from self._too_many_cycles()
        yield from self._review()
        yield from self._updated()
        yield from self._unverified()
        yield from self._on_hold()

    def _too_many_cycles(self) -> Iterator[Advice]:
        count = len(self._layout.day1s)
        maximum = self._regimen.counts[self._numbers.intent].maximum
        if count > maximum:
            sentence = f"The course has {count} cycles, and the regimen names {maximum} at most"
            message = cited(sentence, self._regimen.counts_cite)
            yield _remark("too-many-cycles", Severity.WARN, message, facts=f"{count}>{maximum}")

    def _review(self) -> Iterator[Advice]:
        after = self._regimen.review_after_cycle
        if len(self._layout.day1s) <= after or self._today < self._layout.day1s[after]:
            return
        best = self._numbers.responses.values()
        answered = ResponseValue.CR in best or ResponseValue.CRI in best
        if answered or not any(slot.id.cycle > after for slot in self._planned):
            return
        what = (
            "no CR or CRi is recorded in the reviews so far" if best else "no result of a response review is recorded"
        )
        sentence = f"Cycle {after} has ended and {what}; the prescriber decides whether to go on"
        message = cited(sentence, self._regimen.review_cite)
        yield _remark("review-response", Severity.WARN, message, facts=str(sorted(best)))

    def _updated(self) -> Iterator[Advice]:
        newest = self._clinic.newest
        if newest is not None and newest.version != self._regimen.version:
            message = f"The regimen has a newer version, {newest.version}; this course follows {self._regimen.version}"
            yield _remark("regimen-updated", Severity.NOTE, message, facts=newest.version)

    def _unverified(self) -> Iterator[Advice]:
        for rule in self._regimen.windows:
            if not rule.cite.verified and rule.audience in self._numbers.audiences:
                message = f"{rule.months} months of {rule.kind} for {rule.audience}: {UNREAD}"
                yield _remark("unverified", Severity.WARN, message, facts=f"{rule.audience} {rule.kind} {rule.months}")
        if not self._regimen.times_cite.verified:
            message = f"The times of infusion and observation: {UNREAD}"
            yield _remark("unverified", Severity.WARN, message, facts="times")

    def _on_hold(self) -> Iterator[Advice]:
        held = [slot for slot in self._layout.slots if slot.state is DoseState.HELD]
        if not held:
            return
        dose, hold = self._numbers.holds[0]
        days = (self._today - hold.on).days
        reached = [limit for limit in ON_HOLD_DAYS if days >= limit]
        if reached:
            message = f"On hold since {day_text(hold.on)}, {days} days: resume, omit or cease when the team has decided"
            severity = Severity.NOTE if reached == [ON_HOLD_DAYS[0]] else Severity.WARN
            first = held[0].id
            suggest = Suggestion(kind="resume", cycle=first.cycle, day=first.day)
            yield _remark("on-hold", severity, message, dose=dose, suggest=suggest, facts=f"{hold.on} {reached[-1]}")

    # --- cycles ---

    def on_cycles(self) -> Iterator[Advice]:
        day1s = self._layout.day1s
        for cycle, day1 in enumerate(day1s, start=1):
            length = (day1s[cycle] - day1).days if cycle < len(day1s) else self._numbers.length(cycle)
            template = self._regimen.template(cycle)
            if not template.shortest <= length <= template.longest:
                sentence = f"Cycle {cycle} lasts {length} days; the regimen allows {allowed_lengths(template)}"
                message = cited(sentence, template.cite)
                facts = f"{length}"
                yield _remark("cycle-length-departs", Severity.NOTE, message, cycle=cycle, facts=facts)

    # --- doses ---

    def on_doses(self) -> Iterator[Advice]:
        for before, slot in zip([None, *self._counted], self._counted, strict=False):
            yield from self._gap(before, slot)
            if slot.date != slot.nominal:
                yield from self._tolerance(slot)
            if slot.state is DoseState.GIVEN:
                yield from self._partial(slot)
            if slot.date > slot.nominal:
                yield from self._interruption(slot)
        for slot in self._planned:
            if slot.date < self._today:
                yield from self._overdue(slot)
            elif self._closures.is_closed(slot.date):
                yield from self._closed_day(slot)
            if slot.date > slot.nominal:
                yield from self._late(slot)
        yield from self._long_since_last()

    def _gap(self, before: Slot | None, slot: Slot) -> Iterator[Advice]:
        gap = self._regimen.min_gap_days
        if slot.state is DoseState.PLANNED and slot.date != slot.unpushed:
            message = f"{slot.id} moved from {day_text(slot.unpushed)} to {day_text(slot.date)} to keep {gap} days"
            facts = f"{slot.unpushed} {slot.date}"
            yield _remark("moved-to-keep-gap", Severity.NOTE, message, dose=slot.id, facts=facts)
        if before is not None and (slot.date - before.date).days < gap:
            sentence = f"{slot.id} on {day_text(slot.date)} is less than {gap} days after {before.id}"
            message = cited(f"{sentence} on {day_text(before.date)}", self._regimen.gap_cite)
            facts = f"{before.date} {slot.date}"
            yield _remark("gap-too-short", Severity.WARN, message, dose=slot.id, facts=facts)

    def _tolerance(self, slot: Slot) -> Iterator[Advice]:
        rule = self._regimen.day_rules.get(slot.id.day)  # none for a dose given by a version that had that day
        away = (slot.date - slot.nominal).days
        if slot.id.day == 1 or rule is None or abs(away) <= rule.tolerance_days:
            return
        way = "later" if away > 0 else "earlier"
        allowed = f"the regimen allows {rule.tolerance_days} either side"
        sentence = f"{slot.id} lies {abs(away)} days {way} than its day; {allowed}"
        message = cited(sentence, self._regimen.gap_cite)
        yield _remark("outside-tolerance", Severity.WARN, message, dose=slot.id, facts=f"{slot.date} {away}")

    def _partial(self, slot: Slot) -> Iterator[Advice]:
        given = self._numbers.given.get(slot.id)
        if given is not None and not given.complete:
            message = (
                f"{slot.id} was not given completely on {day_text(slot.date)}; the prescriber decides what follows"
            )
            yield _remark("partial-dose", Severity.WARN, message, dose=slot.id, facts=f"{slot.date}")

    def _closed_day(self, slot: Slot) -> Iterator[Advice]:
        reason = self._closures.reason(slot.date)
        message = f"{slot.id} on {day_text(slot.date)}: {reason}"
        ceased = self._numbers.cease is not None
        to = None if ceased else self._open_date(slot)
        if to is None:
            none = "treatment is ceased: nothing can be deferred" if ceased else "no open date keeps tolerance and gap"
            message = f"{message}; {none}, so the prescriber decides"
            yield _remark("closed-day", Severity.WARN, message, dose=slot.id, facts=f"{slot.date} {reason}")
            return
        scope = self._regimen.day_rules[slot.id.day].defer_scope
        suggest = Suggestion(kind="defer", cycle=slot.id.cycle, day=slot.id.day, to=to, scope=scope.value)
        message = f"{message}; {day_text(to)} is open"
        facts = f"{slot.date} {reason} {to}"
        yield _remark("closed-day", Severity.WARN, message, dose=slot.id, suggest=suggest, facts=facts)

    def _open_date(self, slot: Slot) -> date | None:
        policy = self._clinic.closed_day_policy
        return proposal(self._numbers, self._layout, slot, self._closures, today=self._today, policy=policy)

    def _overdue(self, slot: Slot) -> Iterator[Advice]:
        days = (self._today - slot.date).days
        urgency = "record it today" if days < URGENT_AFTER_DAYS else "urgent: nobody knows whether it was given"
        message = f"{slot.id} was planned for {day_text(slot.date)} and is not recorded; {urgency}"
        record = Suggestion(kind="given", cycle=slot.id.cycle, day=slot.id.day, to=slot.date)
        suggest = record if self._can_record(slot) else None
        facts = f"{slot.date} {min(days, UNSURE_AFTER_DAYS)}"
        yield _remark("overdue", Severity.WARN, message, dose=slot.id, suggest=suggest, facts=facts)

    def _can_record(self, slot: Slot) -> bool:
        """Doses are recorded in order: the first that is planned, between those given before and after it."""
        given = [one for one in self._counted if one.state is DoseState.GIVEN]
        fits = all((one.id < slot.id) == (one.date < slot.date) and one.date != slot.date for one in given)
        return slot is self._planned[0] and fits

    def _late(self, slot: Slot) -> Iterator[Advice]:
        late = (slot.date - slot.nominal).days
        if late >= self._regimen.late.omit_from_days and slot.id.day != 1:
            message, suggest = self._late_omit(slot, late)
            facts = f"{slot.nominal} {slot.date}"
            yield _remark("late-omit", Severity.WARN, message, dose=slot.id, suggest=suggest, facts=facts)

    def _interruption(self, slot: Slot) -> Iterator[Advice]:
        """It is for the next cycle, so it stays when the late dose was given; before the first dose there is none."""
        policy = self._regimen.late
        late = (slot.date - slot.nominal).days
        ahead = slot.state is DoseState.PLANNED or any(one.id.cycle == slot.id.cycle + 1 for one in self._planned)
        if slot.id == DoseId(1, 1) or not ahead:
            return
        if late > policy.stop_after_days:
            sentence = f"{slot.id} is {late} days later than its day: the label asks to consider stopping"
        elif late >= policy.reduce_from_days:
            sentence = f"{slot.id} is {late} days later than its day: the label asks for less in the next cycle"
        else:
            return
        message = cited(sentence, policy.cite)
        facts = f"{slot.nominal} {slot.date}"
        yield _remark("long-interruption", Severity.WARN, message, dose=slot.id, facts=facts)

    def _late_omit(self, slot: Slot, late: int) -> tuple[str, Suggestion | None]:
        sentence = f"{slot.id} is {late} days later than its day"
        suggest = Suggestion(kind="omit", cycle=slot.id.cycle, day=slot.id.day) if self._can_omit(slot) else None
        if self._numbers.held_for.get(slot.id) is HoldCause.TOXICITY:
            sentence = f"{sentence} after toxicity: the label omits the next dose of the cycle then"
            return cited(sentence, self._regimen.late.cite), suggest
        return f"{sentence}: ask the prescriber whether to omit it", suggest

    def _can_omit(self, slot: Slot) -> bool:
        gone = (DoseState.OMITTED, DoseState.CANCELLED)
        later = (one for one in self._layout.slots if one.id > slot.id and one.state not in gone)
        return self._numbers.cease is not None or any(later)

    def _long_since_last(self) -> Iterator[Advice]:
        given = [slot for slot in self._layout.slots if slot.state is DoseState.GIVEN]
        last = max(given, key=lambda slot: slot.date, default=None)
        following = next((slot for slot in self._planned if last is not None and slot.id > last.id), None)
        if last is None or following is None:
            return
        days = (following.date - last.date).days
        if days <= self._regimen.late.stop_after_days:
            return
        sentence = f"{following.id} is {days} days after the last dose given, {last.id}"
        asks = "the prescriber confirms it, with a new pregnancy test, ECG and response check before"
        message = cited(f"{sentence}: {asks}", self._regimen.late.cite)
        facts = f"{last.date} {following.date}"
        yield _remark("long-interruption", Severity.WARN, message, dose=following.id, facts=facts)


def _remark(
    code: str,
    severity: Severity,
    message: str,
    *,
    facts: str,
    dose: DoseId | None = None,
    cycle: int | None = None,
    suggest: Suggestion | None = None,
) -> Advice:
    if dose is not None:
        cycle = dose.cycle
    return Advice(
        code=code,
        severity=severity,
        cycle=cycle,
        day=dose.day if dose is not None else None,
        message=f"{message}.",
        suggest=suggest,
        facts=facts,
    )
