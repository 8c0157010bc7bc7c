"""Recorded actions as sentences of the history."""

from typing import assert_never

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
from scheduler.regimen import Scope
from web.speaking import later, say
from web.words import cause_word, clock_words, day_words, dose_words, word

SCOPES = later(
    {
        Scope.DOSE: "this dose alone",
        Scope.CYCLE: "with the later doses of its cycle",
        Scope.COURSE: "with all that follows",
    }
)
STEPS = later(
    {
        AudienceStep.ADD: "“{audience}” applies from now on",
        AudienceStep.REMOVE: "“{audience}” does not apply any more",
        AudienceStep.PRIVATE: "“{audience}” is kept private (staff only)",
        AudienceStep.SHOWN: "“{audience}” is shown to the patient",
    }
)


def describe(action: Action) -> str:
    """The action as one sentence for the history, without its reason."""
    match action:
        case Given():
            return say("{dose} given on {day}", dose=_which(action), day=day_words(action.on)) + _how(action)
        case Defer():
            moved = say("{dose} moved to {day}", dose=_which(action), day=day_words(action.to))
            return f"{moved}, {say(SCOPES[action.scope])}" if action.scope else moved
        case Hold():
            return say(
                "{dose} and later doses put on hold from {day}: {cause}",
                dose=dose_words(action.cycle, action.day),
                day=day_words(action.on),
                cause=_lower(cause_word(action.cause)),
            )
        case Resume():
            return say(
                "Treatment resumed with cycle {cycle} day {day} on {date}",
                cycle=action.cycle,
                day=action.day,
                date=day_words(action.on),
            )
        case Omit():
            return say("{dose} left out", dose=_which(action))
        case CycleLength():
            return say("Cycle {cycle} lasts {days} days", cycle=action.cycle, days=action.days)
        case Days():
            one, many = later("From cycle {cycle} on only day {days}"), later("From cycle {cycle} on only days {days}")
            days = say(" and ").join(str(day) for day in action.days)
            return say(one if len(action.days) == 1 else many, cycle=action.cycle, days=days)
        case _:
            return _describe_course(action)


# ---------------------------------------------------------------------------------------------------------------------


def _describe_course(
    action: Cycles | Intent | Response | VisitTime | AudienceChange | Away | Cease | RegimenChange | Void,
) -> str:
    match action:
        case Cycles():
            return say("Number of cycles set to {count}", count=action.count)
        case Intent():
            return say("Intent changed: {intent}", intent=_lower(word(action.value)))
        case Response():
            result = _lower(word(action.value))
            return say("Response after cycle {cycle}: {result}", cycle=action.cycle, result=result)
        case VisitTime():
            at = clock_words(action.at)
            if action.cycle is None:
                return say("Infusion at {time} for all doses not given", time=at)
            return say("Infusion at {time} for cycle {cycle} day {day}", time=at, cycle=action.cycle, day=action.day)
        case AudienceChange():
            name, _, mark = action.value.partition(":")
            changed = say(STEPS[action.change], audience=word(name))
            return changed + say(", kept private") if mark else changed
        case Away():
            first, last = day_words(action.from_), day_words(action.to)
            return say("Patient away from {first} to {last}", first=first, last=last)
        case Cease():
            what, cause = action.agent or say("Treatment"), _lower(cause_word(action.cause))
            return say("{what} stopped on {day}: {cause}", what=what, day=day_words(action.on), cause=cause)
        case RegimenChange():
            return say("Regimen version {version} from now on", version=action.version)
        case Void():
            return say("Entry {number} taken back", number=action.action)
        case _:
            assert_never(action)


def _which(action: Given | Defer | Omit) -> str:
    dose = dose_words(action.cycle, action.day)
    return f"{dose} ({action.agent})" if action.agent else dose


def _how(action: Given) -> str:
    marks = [
        ("" if action.complete else say("only in part")),
        ("" if action.tolerated else say("not tolerated")),
        (say("elsewhere") if action.elsewhere else ""),
    ]
    times = [
        say(text, time=clock_words(at))
        for text, at in ((later("from {time}"), action.started), (later("until {time}"), action.ended))
        if at is not None
    ]
    return "".join(f", {mark}" for mark in [" ".join(times), *marks] if mark)


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
