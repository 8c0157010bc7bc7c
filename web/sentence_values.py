"""What becomes of the values of a sentence: by the placeholder's name, which of them are told, and which stay."""

import re
from enum import Enum, auto


class As(Enum):
    """What becomes of a placeholder's value. LEFT: it stays, whatever it is, and may have been typed."""

    LEFT = auto()
    QUOTED = auto()  # the same, in quotes
    QUIET = auto()  # told where the catalogue has it, else it stays: a source, which the regimen's file names
    TOLD = auto()  # must be told, or the sentence is another one
    LIST = auto()  # several of these, with semicolons between
    KINDS = auto()  # of checks, with commas between: told where the catalogue has them
    NAMES = auto()  # stay, but for the "and" between them
    WORD = auto()  # one word: told when it is one of the catalogue, else it stays
    BESIDE = auto()  # a name between commas behind what it belongs to
    NUMBER = auto()  # digits
    KEY = auto()  # the name of a field or a kind, before a colon
    CUT = auto()  # a refusal without its remedy
    DOSE = auto()  # C1D8, or with its agent
    CODES = auto()  # of a mail server's reply: 450 4.2.0
    STEP = auto()  # of the conversation with it: RCPT
    STATUS = auto()  # of a mail that came back: 5.1.1
    DATE = auto()  # as files have it: 2026-12-07
    DAY = auto()  # a date as the core writes it for people, 7 Dec 2026, with or without a time
    CLOSED = auto()  # why a day is closed: ours is told, what an admin has typed stays
    SHOWN = auto()  # a value as a sentence shows it: in quotes, or as "a list"
    KNOWN = auto()  # numbers, or "none"
    ANSWER = auto()  # what became of a mail: ours is told, what a server said stays


_NAMED = {
    As.QUIET: "cite source place",
    As.TOLD: (
        "allowed allowed_lengths anchor asks between bound by choice days departure did_you_mean fault gap_text gone "
        "first high highest lasts last length longest low lowest message moved nearest none origin remedy sentence "
        "shortest side since span spoken started state told unread urgency verb visit way weekday what where why years"
    ),
    As.LIST: "reasons",
    As.CUT: "obstacle",
    As.NAMES: "names",
    As.WORD: "kind fate",
    As.NUMBER: (
        "action after amount away count cycle day late maximum minimum number offset tolerance tolerance_days week "
        "weeks"
    ),
    As.DOSE: "dose id previous",
    As.DATE: "date day1 earliest from latest nominal on to today",
    As.DAY: "day_text moment_text",
    As.CLOSED: "reason",
    As.SHOWN: "shown",
    As.ANSWER: "answer cause",
}
_AS = {name: how for how, names in _NAMED.items() for name in names.split()}
# Where one name stands for something else.
_BUT: dict[str, dict[str, As]] = {
    "the file is no CSV ({fault}); save it as CSV anew": {"fault": As.LEFT},
    "{kind}: the clinic sends none {more} days before; it sends: {known}": {"known": As.KNOWN},
    "language {language}: there is no wording; there is: {known}": {"known": As.LEFT},
    "message {message_id}: does not wait, it is {state}; look at the course's mails": {"state": As.WORD},
    "{field}: the clocks in {zone} skip {at} on {day}; write the time that they showed": {"day": As.LEFT},
    "{field}: {day} is not in {years}; mend the year": {"day": As.LEFT},
    "cycle {cycle} has no day {day}; use one of its days: {days}": {"days": As.LEFT},
    "cycle {previous} day 1 {choice} {day_text}": {"previous": As.NUMBER},
    "carer {number}, detail: {shown} {known}": {"known": As.TOLD},
    "the checks ({list})": {"list": As.KINDS},
    "paused by {by}": {"by": As.LEFT},
    "asked for by {by}": {"by": As.LEFT},
    "bounced {status}": {"status": As.STATUS},
    "delayed {status}": {"status": As.STATUS},
    "{codes} at {step}": {"codes": As.CODES, "step": As.STEP},
    "gone at {step}": {"step": As.STEP},
    "{name} on {day_text}: {reason}": {"name": As.DOSE},
    "{name} was planned for {day_text} and is not recorded; {urgency}": {"name": As.DOSE},
    "value: {name} {message}": {"name": As.QUOTED},
    "Cycle {cycle} day {day}{agent}": {"agent": As.BESIDE},
    "cycle {only} day {only_2}": {"only": As.NUMBER, "only_2": As.NUMBER},
    "{id} says nothing of it; write no, or empty it": {"id": As.LEFT},
    "regimen {id} {version}: its file is gone; put it back": {"id": As.LEFT},
    "request id {id}: came before with something else in it; send a new id": {"id": As.LEFT},
    "course {course_id}: {id} has no newer version than {version}": {"id": As.LEFT},
    "moved {moved} {choice} {way} by action {action}": {"moved": As.NUMBER},
}
# What alone may stand there, where little of the text itself tells it apart.
_GONE = (
    "was given on {on}; void that record first",
    "was given on {on}",
    "is omitted; void the omission first",
    "is omitted",
    "is cancelled, since treatment was ceased; void the cease first",
    "is cancelled, since treatment was ceased",
)
_DAYS = ("{offset} {choice} {side}", "on the same day as")
ONLY: dict[str, dict[str, tuple[str, ...]]] = {
    "{what} {gone}": {"what": ("cannot {verb} {dose}: it",), "gone": _GONE},
    "{where} {spoken} {day_text}: {reasons}": {
        "where": ("Cycle {cycle} day {day}{agent}",),
        "spoken": ("is", "would be", "has no date: it is on hold and would be"),
    },
    "{departure} {allowed_lengths}": {
        "departure": ("cycle {cycle} would last {days} days, and the regimen allows",),
        "allowed_lengths": ("{shortest} to {longest}",),
    },
    "{started} {lasts}": {
        "started": ("cycle {previous} day 1 {choice} {day_text}",),
        "lasts": ("and the cycle lasts {length} days",),
    },
    "{started} {lasts} {by}": {
        "started": ("cycle {previous} day 1 {choice} {day_text}",),
        "lasts": ("and the cycle lasts {length} days",),
        "by": ("(action {action})", "(as the course was started)"),
    },
    "{offset} {choice} {side}": {"choice": ("day", "days"), "side": ("before", "after")},
    "{offset} {choice} before the end of cycle {cycle}, {day_text}": {"choice": ("day", "days")},
    "{offset} {choice} after the end of cycle {cycle}, {day_text}": {"choice": ("day", "days")},
    "{days} {anchor}, {day_text}": {"days": _DAYS, "anchor": ("the end of cycle {cycle}",)},
    "{origin}, and {length}{choice} are counted from it": {"choice": (" after {agent}",)},
    "cycle {previous} day 1 {choice} {day_text}": {"choice": ("was given", "lies on")},
    "{id} moved {moved} to keep {gap_text}": {"moved": ("from {day_text} to {day_text_2}",)},
    "{sentence}: {asks}": {
        "asks": ("the prescriber confirms it, with a new pregnancy test, ECG and response check before",),
    },
    "{what}: {unread}": {"unread": ("not verified, check the label",)},
    "{sentence} ({place}): {unread}": {"unread": ("not verified, check the label",)},
    "moved {moved} {choice} {way} by action {action}": {"choice": ("day", "days"), "way": ("earlier", "later")},
    "value: {name} {message}": {
        "message": ("is on the course already; make it private or shown", "is not on the course; add it instead"),
    },
}
_CLOSED = ("the patient is away until {day_text}", "the clinic is closed on {weekday}s", "the clinic is closed")
_ANSWERS = (
    "bounced {status}",
    "delayed {status}",
    "paused by {by}",
    "{codes} at {step}",
    "gone at {step}",
    "no answer",
    "no SMTPUTF8",
)
_SOURCES = (
    "the plan",
    "the record",
    "the clinic's opening days",
    "no distance is stated, so doses are on different days",
    "{place}; not verified, check the label",
)
FEW = {
    As.QUIET: _SOURCES,
    As.CLOSED: _CLOSED,
    As.ANSWER: _ANSWERS,
    As.SHOWN: ("a table", "a list", "a number of many digits"),
    As.KNOWN: ("none",),
    As.STEP: ("the end of DATA",),
}
OR_PLAIN = frozenset({"allowed_lengths", "anchor", "choice", "days", "what"})  # or a number, a dose, nothing at all
_KEYS = frozenset({"field", "kind", "name"})
CUT = "refusals without their remedies"
MAY_BE_EMPTY = frozenset({"agent", "choice"})  # where they follow another value at once

_NUMBER = re.compile(r"_[0-9]$")  # of another value of the same name
PLACE = re.compile(r"\{(\w*)\}")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY = re.compile(rf"([0-9]{{1,2}}) ({'|'.join(MONTHS)}) ([0-9]{{4}})((?: [0-9]{{2}}:[0-9]{{2}})?)")
# What reads alike in every language: names of doses, dates and times as files have them, numbers.
_DOSE, _DATE = r"C[0-9]{1,3}D-?[0-9]{1,3}(?: [a-z0-9-]{1,60})?", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
SHAPES = {
    As.QUOTED: re.compile(r"'.*'|\".*\"", re.DOTALL),
    As.BESIDE: re.compile(r", .*,", re.DOTALL),
    As.NUMBER: re.compile(r"[0-9]+"),
    As.DOSE: re.compile(_DOSE, re.ASCII),
    As.DATE: re.compile(_DATE, re.ASCII),
    As.CODES: re.compile(r"[0-9]{3}(?: [0-9.]{1,20})?"),
    As.STEP: re.compile(r"[A-Z]{2,10}|the end of DATA"),
    As.STATUS: re.compile(r"[0-9.]{1,20}"),
    As.KEY: re.compile(r"[\w.-]{1,60}", re.ASCII),
}
# What a value begins with, letters small, where that is known.
DIGITS = "0123456789"
STARTS = {
    As.NUMBER: DIGITS,
    As.DATE: DIGITS,
    As.DAY: DIGITS,
    As.CODES: DIGITS,
    As.STATUS: DIGITS,
    As.DOSE: "c",
    As.QUOTED: "'\"",
}
FEW_LENGTH = 160  # letters at most of a value that only few texts make
LENGTHS = {As.NUMBER: 10, As.DATE: 10, As.DAY: 18, As.WORD: 30, As.KEY: 60, As.DOSE: 80}  # at most, in letters
PLAIN = re.compile(rf"-?[0-9]+|[0-9]{{2}}:[0-9]{{2}}|{_DATE}|{_DOSE}", re.ASCII)


def kinds_of(key: str, shown: str, names: tuple[str, ...]) -> tuple[As, ...]:
    """What becomes of each value of the text `key`, of which `shown` is what stands on the page."""
    but = _BUT.get(key, {})
    kinds = [but.get(name) or _AS.get(_NUMBER.sub("", name), As.LEFT) for name in names]
    if names and names[0] in _KEYS and shown.startswith(f"{{{names[0]}}}: "):
        kinds[0] = As.KEY
    return tuple(kinds)
