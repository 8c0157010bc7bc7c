"""The words of staff pages for what the core names in code."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel.dates import format_date

from calendars.wording import say_duration
from reminders.rules import GUARDIAN, PATIENT, Kind
from web.speaking import count, later, say, spoken

EVENTS_TOLD = 3  # of one mail: a hold moves forty dates
LANGUAGE = "en"  # which a patient or carer reads where nothing else is known

WORDS = later(
    {
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
        "electrolytes": "Electrolytes",
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
)
# Where one code has two meanings, the second stands here.
CAUSE_WORDS = later({"transplant": "Stem cell transplant"})
WINDOW_WORDS = later({"contraception": "Birth control", "breastfeeding": "No breastfeeding"})
STATE_WORDS = later(
    {
        "planned": "Not started",
        "running": "Under treatment",
        "on-hold": "On hold",
        "complete": "All doses given",
        "ceased": "Stopped",
    }
)
KIND_WORDS = later({Kind.VISIT: "visits", Kind.CHECK: "checks", Kind.WINDOW: "windows", Kind.CHANGE: "changes"})
# What a calendar, a print or a link shows, in a narrow column; how a token stands.
DETAIL_LEVELS = later({"discreet": "discreet", "busy": "busy", "full": "full"})
TOKEN_STATES = later({"live": "live", "revoked": "revoked", "expired": "expired", "user disabled": "user disabled"})


def event_words(key: str) -> str:
    """What an event's key stands for: cycle 1 day 8, blood tests before it, the birth control date."""
    first, *rest = key.split("/")
    if first == "page":
        return say("the link to the patient's page")
    if first == "window":
        return say("the date of “{window}”", window=window_word(rest[0]))
    if first == "after-course":
        return say("tests after the treatment")
    if rest and rest[0] == "end":
        return say("the end of cycle {cycle}", cycle=first[1:])
    if rest and rest[0] == "stay":
        return say("the hospital stay of cycle {cycle}", cycle=first[1:])
    if rest and rest[0].startswith("day"):
        return say("checks on day {day} of cycle {cycle}", day=rest[0].removeprefix("day"), cycle=first[1:])
    cycle, _, day = first[1:].partition("d")
    if rest and rest[0].startswith("checks-"):
        before = rest[0].split("-")[1] == "before"
        text = later("tests before cycle {cycle} day {day}") if before else later("tests after cycle {cycle} day {day}")
        return say(text, cycle=cycle, day=day)
    return say("cycle {cycle} day {day}", cycle=cycle, day=day)


def reason_kept(outcome: str) -> str:
    """Why a mail was not delivered, without the remark that every line of the worklist begins with; in English."""
    return outcome.removesuffix("; please phone") or later("no reason was kept")


def events_words(keys: Collection[str]) -> str:
    """What several keys stand for, visits first; of many the first three, and how many more there are."""
    named = sorted(keys, key=lambda key: not key.endswith("/infusion"))
    shown = named if len(named) <= EVENTS_TOLD + 1 else named[:EVENTS_TOLD]
    all_ = in_a_row(map(event_words, shown))
    if len(shown) == len(named):
        return all_
    return say("{dates} and {count} more dates", dates=all_, count=len(named) - len(shown))


def in_a_row(names: Iterable[str]) -> str:
    """Several names in a sentence, parted so that a comma within one of them misleads nobody."""
    return say(", ").join(names)


def role_words(role: str) -> str:
    """A recipient of mails in a sentence."""
    return say({PATIENT: later("the patient"), GUARDIAN: later("the guardian")}.get(role, later("the carer")))


def recipient_words(role: str) -> str:
    """A recipient among several: the first carer, the guardian."""
    kind, dash, number = role.rpartition("-")
    if dash and kind == "carer":
        return say("carer-{number}", number=number)
    return say("guardian") if role == GUARDIAN else role


def wants_words(choice: Mapping[Kind, Collection[int]]) -> str:
    """What a recipient left of the clinic's mails."""
    less = [
        f"{say(KIND_WORDS[kind])}: {', '.join(map(days_before, days)) or say('none')}"
        for kind, days in choice.items()
        if kind is not Kind.CHANGE or not days
    ]
    return "; ".join(less) or say("All that the clinic sends")


def answer_kept(answer: str) -> str:
    """What a mail server said to a try, without the name that we file it under; in English."""
    return answer.partition(" ")[2] or answer or later("no answer was kept")


def word(code: str) -> str:
    """The words for a code; an unknown one as it stands, without its hyphens."""
    return say(WORDS.get(code) or code.replace("-", " ").capitalize())


def window_word(kind: str) -> str:
    """What a window asks for."""
    return say(WINDOW_WORDS[kind]) if kind in WINDOW_WORDS else word(kind)


def state_word(state: str) -> str:
    """How a course stands."""
    return say(STATE_WORDS[state]) if state in STATE_WORDS else word(state)


def detail_level(detail: str) -> str:
    """How much is shown, in one word."""
    return say(DETAIL_LEVELS.get(detail, detail))


def token_state(state: str) -> str:
    """How the token of a program stands."""
    return say(TOKEN_STATES.get(state, state))


def cause_word(cause: str) -> str:
    """Why a dose is on hold, or a treatment stopped."""
    return say(CAUSE_WORDS[cause]) if cause in CAUSE_WORDS else word(cause)


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
        return say("at the start")
    days, rest = divmod(lead, timedelta(days=1))
    if rest:
        return say("{time} before", time=say_duration(lead, spoken().language))
    return days_before(days)


def days_before(days: int) -> str:
    """How many days before something a mail goes."""
    return count("{count} day before", "{count} days before", days)


def dose_words(cycle: int, day: int) -> str:
    """The dose's name: Cycle 1 day 8."""
    return say("Cycle {cycle} day {day}", cycle=cycle, day=day)


def length_words(shortest: int, longest: int) -> str:
    """How many days a cycle may last."""
    if shortest == longest:
        return str(shortest)
    return say("{shortest} to {longest}", shortest=shortest, longest=longest)


def sentence(text: str) -> str:
    """The text as a sentence: the core's own begin small, since a file's or field's name may come before them."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


# ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _day_words(day: date, language: str) -> str:
    return format_date(day, "EEE d MMM y", locale=language)
