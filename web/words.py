"""The words of staff pages for what the core names in code, and sentences for recorded actions."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import assert_never

from babel.dates import format_date

from calendars.wording import say_duration
from reminders.rules import GUARDIAN, PATIENT, Kind
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
from web.speaking import spoken

EVENTS_TOLD = 3  # of one mail: a hold moves forty dates
LANGUAGE = "en"  # of the staff's pages; patients' texts have their own catalogues in calendars/wording

WORDS = {
    # Audiences, as a person would say them
    "can-become-pregnant": "The patient can become pregnant",
    "partner-can-become-pregnant": "The patient has a partner who can become pregnant",
    "breastfeeding": "The patient is breastfeeding",
    # Kinds of windows
    "contraception": "Birth control",
    # Intents
    "continue": "Treatment goes on without a transplant",
    "transplant": "A stem cell transplant follows",
    # Causes of a hold or an end
    "counts": "Blood counts",
    "liver": "Liver tests or signs of liver damage",
    "toxicity": "Another side effect",
    "infection": "Infection",
    "patient": "The patient's wish or absence",
    "clinic": "The clinic",
    "pregnancy": "Pregnancy",
    "completed": "Completed as planned",
    "no-response": "No response",
    "patient-choice": "The patient's choice",
    "transferred": "Treatment goes on elsewhere",
    "hospice": "Hospice care",
    "death": "Death",
    "other": "Another cause",
    # Responses
    "CR": "Complete remission (CR)",
    "CRi": "Complete remission with incomplete recovery (CRi)",
    "none": "Neither CR nor CRi",
    # Tasks
    "blood-count": "Blood count",
    "liver-tests": "Liver tests",
    "ecg": "ECG",
    "pregnancy-test": "Pregnancy test",
    "response-review": "Response review",
    "eye-exam": "Eye exam",
    "dexamethasone": "Dexamethasone at home",
    "hospital-stay": "Hospital stay",
    "liver-watch": "Liver watch ends",
    # States of a dose
    "planned": "Planned",
    "given": "Given",
    "omitted": "Left out",
    "cancelled": "Cancelled",
    "held": "On hold",
    # Detail levels of a calendar, and whose it is
    "discreet": "Discreet: neutral titles, nothing of the treatment",
    "busy": "Busy: times only, no text at all",
    "full": "Full: drug, cycle and day, how to prepare",
    "carer": "A carer",
    # Roles
    "nurse": "Nurse",
    "prescriber": "Prescriber",
    "clinic-admin": "Clinic admin",
    "auditor": "Auditor (reads only)",
}
# Where one code has two meanings, the second stands here.
CAUSE_WORDS = {"transplant": "Stem cell transplant"}
WINDOW_WORDS = {"contraception": "Birth control", "breastfeeding": "No breastfeeding"}
STATE_WORDS = {
    "planned": "Not started",
    "running": "Under treatment",
    "on-hold": "On hold",
    "complete": "All doses given",
    "ceased": "Stopped",
}
KIND_WORDS = {Kind.VISIT: "visits", Kind.CHECK: "checks", Kind.WINDOW: "windows", Kind.CHANGE: "changes"}
SCOPES = {
    Scope.DOSE: "this dose alone",
    Scope.CYCLE: "with the later doses of its cycle",
    Scope.COURSE: "with all that follows",
}
STEPS = {
    AudienceStep.ADD: "applies from now on",
    AudienceStep.REMOVE: "does not apply any more",
    AudienceStep.PRIVATE: "is kept private (staff only)",
    AudienceStep.SHOWN: "is shown to the patient",
}


def event_words(key: str) -> str:
    """What an event's key stands for: cycle 1 day 8, blood tests before it, the birth control date."""
    first, *rest = key.split("/")
    if first == "page":
        return "the link to the patient's page"
    if first == "window":
        return f"the date of “{window_word(rest[0])}”"
    if first == "after-course":
        return "tests after the treatment"
    if rest and rest[0] == "end":
        return f"the end of cycle {first[1:]}"
    if rest and rest[0] == "stay":
        return f"the hospital stay of cycle {first[1:]}"
    if rest and rest[0].startswith("day"):
        return f"checks on day {rest[0].removeprefix('day')} of cycle {first[1:]}"
    cycle, _, day = first[1:].partition("d")
    dose = f"cycle {cycle} day {day}"
    if rest and rest[0].startswith("checks-"):
        return f"tests {rest[0].split('-')[1]} {dose}"
    return dose


def reason_words(outcome: str) -> str:
    """Why a mail was not delivered, without the remark that every line of the worklist begins with."""
    return outcome.removesuffix("; please phone") or "no reason was kept"


def events_words(keys: Collection[str]) -> str:
    """What several keys stand for, visits first; of many the first three, and how many more there are."""
    named = sorted(keys, key=lambda key: not key.endswith("/infusion"))
    told = named if len(named) <= EVENTS_TOLD + 1 else named[:EVENTS_TOLD]
    rest = f" and {len(named) - len(told)} more dates" if len(told) < len(named) else ""
    return ", ".join(map(event_words, told)) + rest


def role_words(role: str) -> str:
    """A recipient of mails in a sentence."""
    return {PATIENT: "the patient", GUARDIAN: "the guardian"}.get(role, "the carer")


def wants_words(choice: Mapping[Kind, Collection[int]]) -> str:
    """What a recipient left of the clinic's mails."""
    less = [
        f"{KIND_WORDS[kind]}: {', '.join(map(_before, days)) or 'none'}"
        for kind, days in choice.items()
        if kind is not Kind.CHANGE or not days
    ]
    return "; ".join(less) or "All that the clinic sends"


def answer_words(answer: str) -> str:
    """What a mail server said to a try, without the name that we file it under."""
    return answer.partition(" ")[2] or answer or "no answer was kept"


def word(code: str) -> str:
    """The words for a code; an unknown one as it stands, without its hyphens."""
    return WORDS.get(code) or code.replace("-", " ").capitalize()


def window_word(kind: str) -> str:
    """What a window asks for."""
    return WINDOW_WORDS.get(kind) or word(kind)


def state_word(state: str) -> str:
    """How a course stands."""
    return STATE_WORDS.get(state) or word(state)


def cause_word(cause: str) -> str:
    """Why a dose is on hold, or a treatment stopped."""
    return CAUSE_WORDS.get(cause) or word(cause)


def day_words(day: date) -> str:
    """The date with its weekday, short: Mon 7 Dec 2026."""
    return _day_words(day, spoken().language)


def clock_words(at: datetime | time) -> str:
    """The time of day: 09:00."""
    return f"{at:%H:%M}"


def moment_words(at: datetime) -> str:
    """Date and time of an instant in its own zone: Mon 7 Dec 2026, 09:00."""
    return f"{day_words(at.date())}, {clock_words(at)}"


def lead_words(lead: timedelta) -> str:
    """How long before a visit an alarm rings."""
    if not lead:
        return "at the start"
    days, rest = divmod(lead, timedelta(days=1))
    if rest:
        return f"{say_duration(lead, LANGUAGE)} before"
    return f"{days} {'day' if days == 1 else 'days'} before"


def dose_words(cycle: int, day: int) -> str:
    """The dose's name in a sentence: Cycle 1 day 8."""
    return f"Cycle {cycle} day {day}"


def sentence(text: str) -> str:
    """The text as a sentence: the core's own begin small, since a file's or field's name may come before them."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def describe(action: Action) -> str:
    """The action as one sentence for the history, without its reason."""
    match action:
        case Given():
            return f"{_which(action)} given on {day_words(action.on)}{_how(action)}"
        case Defer():
            along = f", {SCOPES[action.scope]}" if action.scope else ""
            return f"{_which(action)} moved to {day_words(action.to)}{along}"
        case Hold():
            since = f"from {day_words(action.on)}: {_lower(cause_word(action.cause))}"
            return f"{dose_words(action.cycle, action.day)} and later doses put on hold {since}"
        case Resume():
            return f"Treatment resumed with {dose_words(action.cycle, action.day).lower()} on {day_words(action.on)}"
        case Omit():
            return f"{_which(action)} left out"
        case CycleLength():
            return f"Cycle {action.cycle} lasts {action.days} days"
        case Days():
            named = "day " if len(action.days) == 1 else "days "
            return f"From cycle {action.cycle} on only {named}{' and '.join(str(day) for day in action.days)}"
        case _:
            return _describe_course(action)


# ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _day_words(day: date, language: str) -> str:
    return format_date(day, "EEE d MMM y", locale=language)


def _describe_course(
    action: Cycles | Intent | Response | VisitTime | AudienceChange | Away | Cease | RegimenChange | Void,
) -> str:
    match action:
        case Cycles():
            return f"Number of cycles set to {action.count}"
        case Intent():
            return f"Intent changed: {_lower(word(action.value))}"
        case Response():
            return f"Response after cycle {action.cycle}: {_lower(word(action.value))}"
        case VisitTime():
            which = "all doses not given" if action.cycle is None else f"cycle {action.cycle} day {action.day}"
            return f"Infusion at {clock_words(action.at)} for {which}"
        case AudienceChange():
            name, _, mark = action.value.partition(":")
            private = ", kept private" if mark else ""
            return f"“{word(name)}” {STEPS[action.change]}{private}"
        case Away():
            return f"Patient away from {day_words(action.from_)} to {day_words(action.to)}"
        case Cease():
            what = action.agent or "Treatment"
            return f"{what} stopped on {day_words(action.on)}: {_lower(cause_word(action.cause))}"
        case RegimenChange():
            return f"Regimen version {action.version} from now on"
        case Void():
            return f"Entry {action.action} taken back"
        case _:
            assert_never(action)


def _which(action: Given | Defer | Omit) -> str:
    dose = dose_words(action.cycle, action.day)
    return f"{dose} ({action.agent})" if action.agent else dose


def _how(action: Given) -> str:
    marks = [
        ("" if action.complete else "only in part"),
        ("" if action.tolerated else "not tolerated"),
        ("elsewhere" if action.elsewhere else ""),
    ]
    times = [
        f"{name} {clock_words(at)}"
        for name, at in (("from", action.started), ("until", action.ended))
        if at is not None
    ]
    return "".join(f", {mark}" for mark in [" ".join(times), *marks] if mark)


def _before(days: int) -> str:
    return "1 day before" if days == 1 else f"{days} days before"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
