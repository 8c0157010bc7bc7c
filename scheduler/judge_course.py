"""Judges the actions that concern the course as a whole: its lengths, numbers, hours, audiences and its end."""

from scheduler.action_fields import parse_audience
from scheduler.actions import (
    AudienceChange,
    AudienceStep,
    Away,
    Cease,
    CeaseCause,
    CycleLength,
    Cycles,
    Days,
    RegimenChange,
    VisitTime,
)
from scheduler.before import Before
from scheduler.errors import InvalidValue, Rejected
from scheduler.lengths import allowed_lengths, count_departs, last_dose_day
from scheduler.meant import agent_key
from scheduler.plan import DoseState

# These end the treatment of the patient, not one drug of it.
OF_THE_PATIENT = (CeaseCause.PREGNANCY, CeaseCause.TRANSFERRED, CeaseCause.HOSPICE, CeaseCause.DEATH)


def judge_cycle_length(before: Before, action: CycleLength) -> None:
    """A length that leaves room for the doses of its cycle, before the next one has begun."""
    before.cycle(action.cycle)
    following = before.layout.anchor(action.cycle + 1)
    if following is not None and following.state is DoseState.GIVEN:
        message = f"the length of cycle {action.cycle} is settled, since C{action.cycle + 1}D1 was given"
        raise Rejected("length-settled", f"{message}; void that record first", field="cycle")
    last = last_dose_day(before.layout, action.cycle)
    if action.days <= last:
        message = f"cycle {action.cycle} has a dose on its day {last}; give a length of {last + 1} days or more"
        raise Rejected("too-short", message, field="days")
    template = before.regimen.template(action.cycle)
    if not template.shortest <= action.days <= template.longest:
        departure = f"cycle {action.cycle} would last {action.days} days, and the regimen allows"
        before.reason(action, f"{departure} {allowed_lengths(template)}")


def judge_days(before: Before, action: Days) -> None:
    """Days that the regimen has in that cycle, day 1 among them; always with a reason."""
    before.cycle(action.cycle)
    known = before.regimen.template(action.cycle).all_days()
    unknown = [day for day in action.days if day not in known]
    if unknown:
        message = f"the regimen has no day {unknown[0]} in cycle {action.cycle}; choose among {list(known)}"
        raise Rejected("no-such-day", message, field="days")
    if 1 not in action.days:
        raise Rejected("no-day-1", "days: day 1 starts every cycle and cannot be left out; add it", field="days")
    before.reason(action, f"from cycle {action.cycle} on only days {', '.join(map(str, action.days))} would be given")


def judge_cycles(before: Before, action: Cycles) -> None:
    """A number of cycles that keeps all given doses; outside the regimen's range with a reason."""
    last = max((dose.cycle for dose in before.numbers.given), default=0)
    if action.count < last:
        message = f"count: a dose of cycle {last} was given; use {last} or more cycles"
        raise Rejected("cycles-given", message, field="count")
    departure = count_departs(before.regimen.counts[before.numbers.intent], action.count)
    if departure:
        before.reason(action, departure)


def judge_time(before: Before, action: VisitTime) -> None:
    """An hour that the clocks of that day show."""
    if (action.cycle is None) != (action.day is None):
        missing = "cycle" if action.cycle is None else "day"
        message = f"{missing}: is missing; name cycle and day of one visit, or neither for all"
        raise Rejected("missing-field", message, field=missing)
    if action.cycle is not None and action.day is not None:
        for slot in before.visit(action.cycle, action.day):
            before.exists(slot.date, action.at, "at")


def judge_audience(before: Before, action: AudienceChange) -> None:
    """An audience that the regimen says something of, and a step that changes something."""
    try:
        audience = parse_audience(action.value)
    except InvalidValue as fault:
        raise Rejected("unknown-value", str(fault), field="value") from None
    before.known("value", audience.name, before.regimen.audiences())
    if before.today is None:  # recorded before: a step that has become needless harms nobody
        return
    adds = action.change is AudienceStep.ADD
    if adds is (audience.name in before.numbers.audiences):
        has, lacks = "is on the course already; make it private or shown", "is not on the course; add it instead"
        message = has if adds else lacks
        raise Rejected("audience", f"value: {audience.name!r} {message}", field="value")
    if audience.private and not adds:
        message = f"value: ':private' belongs to {AudienceStep.ADD.value!r}; use the change 'private' instead"
        raise Rejected("unknown-value", message, field="value")


def judge_away(action: Away) -> None:
    """A span that does not end before it begins."""
    if action.to < action.from_:
        raise Rejected("bad-span", f"to: {action.to} is before {action.from_}; swap the dates", field="to")


def judge_cease(before: Before, action: Cease) -> None:
    """An end that is not before a dose already given; of one agent only for a cause that concerns the drug."""
    agent = agent_key(before.regimen, action)
    if agent and action.cause in OF_THE_PATIENT:
        message = f"cause: {action.cause.value!r} concerns the patient, not {agent} alone; leave the agent out"
        raise Rejected("not-one-agent", message, field="agent")
    for slot in before.layout.slots:
        mine = agent in ("", slot.id.agent)
        if mine and slot.state is DoseState.GIVEN and slot.date > action.on:
            message = f"{slot.id} was given on {slot.date}, after {action.on}; give that date or a later one"
            raise Rejected("given-after", message, field="on")


def judge_regimen(before: Before, action: RegimenChange) -> None:
    """A version that the clinic has, with the same agents, and that knows the course's intent."""
    newest = before.clinic.newest or before.regimen
    if before.today is not None:  # what was recorded before may have been followed by a still newer one
        before.known("version", action.version, tuple(dict.fromkeys((before.regimen.version, newest.version))))
    version = before.clinic.versions().get(action.version, before.regimen)
    if tuple(version.agents) != tuple(before.regimen.agents):
        message = f"version {action.version} has other agents or another order of them"
        raise Rejected("other-agents", f"{message}; start a new course that is linked to this one", field="version")
    if before.numbers.intent not in version.counts:
        message = f"version {action.version} knows no intent {before.numbers.intent!r}; record another intent first"
        raise Rejected("unknown-intent", message, field="version")
