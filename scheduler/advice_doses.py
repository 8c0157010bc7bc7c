"""The remarks on doses and visits: gaps, tolerance, lateness, closed days, what was not recorded."""

from collections.abc import Iterator
from datetime import date

from scheduler.actions import HoldCause
from scheduler.closures import Closures, proposal
from scheduler.course import ClosedDayPolicy
from scheduler.dose_id import DoseId
from scheduler.gaps import gap_text, too_close
from scheduler.layout import Layout, Slot
from scheduler.meant import OPEN_FOR_RECORD, omittable, scope_of
from scheduler.numbers import Numbers
from scheduler.plan import Advice, DoseState, Severity, Suggestion
from scheduler.regimen import LateRule
from scheduler.remarks import cited, remark
from scheduler.visits import Visits
from scheduler.why import day_text

URGENT_AFTER_DAYS = 2  # by then a day has passed since the hour of the visit
UNSURE_AFTER_DAYS = 3


class DoseAdviser:
    """What concerns single doses, and the visits on which they are given."""

    def __init__(  # noqa: PLR0917 - all that a dose can be remarked on for
        self,
        numbers: Numbers,
        layout: Layout,
        times: Visits,
        closures: Closures,
        policy: ClosedDayPolicy,
        today: date,
    ) -> None:
        self._numbers = numbers
        self._regimen = numbers.regimen
        self._layout = layout
        self._times = times
        self._closures = closures
        self._policy = policy
        self._today = today
        self._planned = [slot for slot in layout.slots if slot.state is DoseState.PLANNED]

    def remarks(self) -> Iterator[Advice]:
        """All remarks, in no order."""
        agents, times = self._regimen.ranked, self._times
        before: list[Slot | None] = [None] * len(agents)
        by_hours = any(agent.gap_hours for agent in agents)
        for slot in self._layout.counted:
            dose, nominal, _, unpushed, state, on, _ = slot
            previous, before[dose.rank] = before[dose.rank], slot
            if on != unpushed or (by_hours and times[dose].waited):
                yield from self._moved(slot)
            if previous is not None and too_close(agents[dose.rank], previous, slot, times):
                yield from self._too_close(previous, slot)
            if on != nominal:
                yield from self._tolerance(slot)
            if state is DoseState.GIVEN:
                yield from self._partial(slot)
            if on > nominal:
                yield from self._interruption(slot)
        yield from self._on_visits()
        for slot in self._planned:
            if slot.date > slot.nominal and not slot.anchor:
                yield from self._late(slot)
        yield from self._long_since_last()

    def _on_visits(self) -> Iterator[Advice]:
        is_closed, today = self._closures.is_closed, self._today
        places = dict.fromkeys(slot.id[:2] for slot in self._planned if slot.date < today or is_closed(slot.date))
        for place in places:
            for visit in self._visits(place):
                if visit[0].date < today:
                    yield from self._overdue(visit)
                elif is_closed(visit[0].date):
                    yield from self._closed_day(visit)

    def _visits(self, place: tuple[int, int]) -> Iterator[tuple[Slot, ...]]:
        """What an action without an agent means, together; doses apart from it, on another date, each by itself."""
        here = [slot for slot in self._planned if slot.id[:2] == place]
        yield tuple(slot for slot in here if slot.date == here[0].date)
        yield from ((slot,) for slot in here if slot.date != here[0].date)

    def _agent(self, visit: tuple[Slot, ...]) -> str:
        """The agent that an action on this visit has to name: none where it is what the action means without one."""
        first = visit[0]
        planned = (slot for slot in self._planned if slot.id[:2] == first.id[:2])
        return "" if next(planned) is first else first.id.agent

    # --- doses ---

    def _moved(self, slot: Slot) -> Iterator[Advice]:
        agent = self._regimen.agent_of(slot.id)
        if slot.state is DoseState.PLANNED and slot.date != slot.unpushed:
            moved = f"from {day_text(slot.unpushed)} to {day_text(slot.date)}"
            message = f"{slot.id} moved {moved} to keep {gap_text(agent)}"
            facts = f"{slot.unpushed} {slot.date}"
            yield remark("moved-to-keep-gap", Severity.NOTE, message, dose=slot.id, facts=facts)
        elif self._times[slot.id].waited:
            start = f"{self._times[slot.id].infusion_start:%H:%M}"
            message = f"{slot.id} on {day_text(slot.date)} starts at {start} to keep {gap_text(agent)}"
            yield remark("moved-to-keep-gap", Severity.NOTE, message, dose=slot.id, facts=f"{slot.date} {start}")

    def _too_close(self, before: Slot, slot: Slot) -> Iterator[Advice]:
        agent = self._regimen.agent_of(slot.id)
        sentence = f"{slot.id} on {day_text(slot.date)} is less than {gap_text(agent)} after {before.id}"
        sentence = f"{sentence} on {day_text(before.date)}"
        message = cited(sentence, agent.gap.cite) if agent.gap is not None else sentence
        facts = f"{before.date} {slot.date}"
        yield remark("gap-too-short", Severity.WARN, message, dose=slot.id, facts=facts)

    def _tolerance(self, slot: Slot) -> Iterator[Advice]:
        rule = self._regimen.day_rule(slot.id)  # none for a dose given by a version that had that day
        away = (slot.date - slot.nominal).days
        if slot.anchor or rule is None or abs(away) <= (rule.tolerance_days or 0):
            return
        way = "later" if away > 0 else "earlier"
        stated = f"the regimen allows {rule.tolerance_days} either side"
        allowed = stated if rule.tolerance_days is not None else "the regimen states no tolerance"
        sentence = f"{slot.id} lies {abs(away)} days {way} than its day; {allowed}"
        message = cited(sentence, self._regimen.template(slot.id.cycle).cite)
        yield remark("outside-tolerance", Severity.WARN, message, dose=slot.id, facts=f"{slot.date} {away}")

    def _partial(self, slot: Slot) -> Iterator[Advice]:
        if not self._numbers.given[slot.id].complete:
            message = (
                f"{slot.id} was not given completely on {day_text(slot.date)}; the prescriber decides what follows"
            )
            yield remark("partial-dose", Severity.WARN, message, dose=slot.id, facts=f"{slot.date}")

    def _late(self, slot: Slot) -> Iterator[Advice]:
        policy = self._regimen.late
        late = (slot.date - slot.nominal).days
        if policy is None or policy.omit_from_days is None or late < policy.omit_from_days:
            return
        facts = f"{slot.nominal} {slot.date}"
        if policy.rule is LateRule.SHIFT:
            sentence = f"{slot.id} is {late} days later than its day: it is given as soon as possible, the rest follows"
            yield remark("late-shift", Severity.NOTE, cited(sentence, policy.cite), dose=slot.id, facts=facts)
            return
        message, suggest = self._late_omit(slot, late)
        yield remark("late-omit", Severity.WARN, message, dose=slot.id, suggest=suggest, facts=facts)

    def _late_omit(self, slot: Slot, late: int) -> tuple[str, Suggestion | None]:
        sentence = f"{slot.id} is {late} days later than its day"
        cycle, day, _, agent = slot.id
        left = omittable(self._numbers, self._layout, (slot,))
        asks_nothing = left and day != 1 and agent not in self._numbers.ceases
        suggest = Suggestion(kind="omit", cycle=cycle, day=day, agent=agent) if asks_nothing else None
        policy = self._regimen.late
        if policy is not None and self._numbers.held_for.get(slot.id) is HoldCause.TOXICITY:
            sentence = f"{sentence} after toxicity: the label omits the next dose of the cycle then"
            return cited(sentence, policy.cite), suggest
        return f"{sentence}: ask the prescriber whether to omit it", suggest

    def _interruption(self, slot: Slot) -> Iterator[Advice]:
        """It is for the next cycle, so it stays when the late dose was given; before the first dose there is none."""
        policy = self._regimen.late
        late = (slot.date - slot.nominal).days
        ahead = slot.state is DoseState.PLANNED or any(one.id.cycle == slot.id.cycle + 1 for one in self._planned)
        if policy is None or slot.id[:2] <= (1, 1) or not ahead:
            return
        if policy.stop_after_days is not None and late > policy.stop_after_days:
            sentence = f"{slot.id} is {late} days later than its day: the label asks to consider stopping"
        elif policy.reduce_from_days is not None and late >= policy.reduce_from_days:
            sentence = f"{slot.id} is {late} days later than its day: the label asks for less in the next cycle"
        else:
            return
        message = cited(sentence, policy.cite)
        facts = f"{slot.nominal} {slot.date}"
        yield remark("long-interruption", Severity.WARN, message, dose=slot.id, facts=facts)

    def _long_since_last(self) -> Iterator[Advice]:
        policy = self._regimen.late
        given = [slot for slot in self._layout.slots if slot.state is DoseState.GIVEN]
        last = max(given, key=lambda slot: slot.date, default=None)
        following = next((slot for slot in self._planned if last is not None and slot.id > last.id), None)
        if last is None or following is None or policy is None or policy.stop_after_days is None:
            return
        days = (following.date - last.date).days
        if days <= policy.stop_after_days:
            return
        sentence = f"{following.id} is {days} days after the last dose given, {last.id}"
        asks = "the prescriber confirms it, with a new pregnancy test, ECG and response check before"
        message = cited(f"{sentence}: {asks}", policy.cite)
        facts = f"{last.date} {following.date}"
        yield remark("long-interruption", Severity.WARN, message, dose=following.id, facts=facts)

    # --- visits ---

    def _closed_day(self, visit: tuple[Slot, ...]) -> Iterator[Advice]:
        first = visit[0]
        reason = self._closures.reason(first.date)
        message = f"{self._name(visit)} on {day_text(first.date)}: {reason}"
        movable = tuple(slot for slot in visit if not self._numbers.cease_of(slot.id))
        to = self._open_date(movable) if movable else None
        if to is None:
            none = "no open date keeps tolerance and gap" if movable else "treatment is ceased: nothing can be deferred"
            message = f"{message}; {none}, so the prescriber decides"
            facts = f"{first.date} {reason}"
            yield remark("closed-day", Severity.WARN, message, dose=self._place(visit), facts=facts)
            return
        scope = scope_of(self._regimen, movable, None)
        suggest = self._suggest("defer", visit, to, scope.value)
        message = f"{message}; {day_text(to)} is open"
        facts = f"{first.date} {reason} {to}"
        yield remark("closed-day", Severity.WARN, message, dose=self._place(visit), suggest=suggest, facts=facts)

    def _open_date(self, visit: tuple[Slot, ...]) -> date | None:
        return proposal(self._numbers, self._layout, visit, self._closures, today=self._today, policy=self._policy)

    def _overdue(self, visit: tuple[Slot, ...]) -> Iterator[Advice]:
        on = visit[0].date
        days = (self._today - on).days
        urgency = "record it today" if days < URGENT_AFTER_DAYS else "urgent: nobody knows whether it was given"
        message = f"{self._name(visit)} was planned for {day_text(on)} and is not recorded; {urgency}"
        suggest = self._suggest("given", visit, on) if self._can_record(visit) else None
        facts = f"{on} {min(days, UNSURE_AFTER_DAYS)}"
        yield remark("overdue", Severity.WARN, message, dose=self._place(visit), suggest=suggest, facts=facts)

    def _can_record(self, visit: tuple[Slot, ...]) -> bool:
        """Doses of an agent are recorded in order, between those given before and after; and C1D1 comes first."""
        start = self._layout.anchor(1)
        waits = start is not None and start.state in OPEN_FOR_RECORD and visit[0].id[:2] > (1, 1)
        return not waits and all(self._fits(slot) for slot in visit)

    def _fits(self, slot: Slot) -> bool:
        mine = [one for one in self._layout.counted if one.id.rank == slot.id.rank]
        given = [one for one in mine if one.state is DoseState.GIVEN]
        first = next(one for one in mine if one.state is DoseState.PLANNED)
        return slot is first and all(
            (one.id < slot.id) == (one.date < slot.date) and one.date != slot.date for one in given
        )

    def _suggest(self, kind: str, visit: tuple[Slot, ...], to: date, scope: str | None = None) -> Suggestion:
        cycle, day = visit[0].id[:2]
        return Suggestion(kind=kind, cycle=cycle, day=day, to=to, scope=scope, agent=self._agent(visit))

    def _place(self, visit: tuple[Slot, ...]) -> DoseId:
        """Which visit a remark is on; one that lies apart goes by its agent."""
        cycle, day, rank, _ = visit[0].id
        agent = self._agent(visit)
        return DoseId(cycle, day, rank if agent else 0, agent)

    def _name(self, visit: tuple[Slot, ...]) -> str:
        return str(self._place(visit))
