"""What can be wrong with a calendar and with the way it is served: a sentence and a remedy for each."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: a `problem` is met by some program or some person; a `note` is for those who want to know."""

    PROBLEM = "problem"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong: what, where, and what to do."""

    code: str
    place: str
    message: str
    remedy: str
    severity: Severity


def fault(code: str, place: str, **values: object) -> Finding:
    """The finding of that code, with `values` in its sentence."""
    severity = Severity.NOTE if code in _NOTES else Severity.PROBLEM
    message, remedy = (_NOTES if code in _NOTES else _PROBLEMS)[code]
    return Finding(code=code, place=place, message=message.format_map(values), remedy=remedy, severity=severity)


# -------------------------------------------------------------------------------------------------------------

_PROBLEMS = {
    "no-calendar": (
        "No program can read it as a calendar.",
        "Check the address, and that it needs no sign-in.",
    ),
    "several-calendars": (
        "There are {count} calendars in one file; most programs read the first alone, or none.",
        "Write one VCALENDAR with all events.",
    ),
    "unbalanced": (
        "A part does not end where it should, or the file breaks off.",
        "Send the whole file, each BEGIN with its END.",
    ),
    "byte-order-mark": (
        "The file starts with a mark of byte order.",
        "Write UTF-8 without it.",
    ),
    "line-ends": (
        "Lines end in LF alone.",
        "End each line in CRLF (RFC 5545 3.1).",
    ),
    "last-line": (
        "The last line has no end.",
        "End it in CRLF.",
    ),
    "long-lines": (
        "Lines are longer than 75 octets.",
        "Fold them (RFC 5545 3.1).",
    ),
    "control-characters": (
        "Lines hold control characters.",
        "Leave them out.",
    ),
    "refresh-value": (
        "It does not say that its value is a duration.",
        "Write REFRESH-INTERVAL;VALUE=DURATION: (RFC 7986 5.7).",
    ),
    "encoding": (
        "The file is not UTF-8.",
        "Write UTF-8.",
    ),
    "split-character": (
        "A character is split where a line is folded.",
        "Fold between characters.",
    ),
    "missing": (
        "{name} is missing.",
        "Write it (RFC 5545 3.6).",
    ),
    "calendar-uid": (
        "The calendar has a UID of its own; vdirsyncer and khal show one event of all then.",
        "Leave it out: it is optional (RFC 7986 5.3).",
    ),
    "method": (
        "METHOD makes an invitation of a calendar to subscribe to.",
        "Leave METHOD out of a feed.",
    ),
    "uid-twice": (
        "Several events have the same UID; programs show one of them.",
        "Give each event a UID of its own.",
    ),
    "unreadable": (
        "Its value cannot be read.",
        "Write it as RFC 5545 says.",
    ),
    "people": (
        "It names people, and makes an invitation of the event.",
        "Leave it out of a feed.",
    ),
    "floating": (
        "Its time has no zone: each device shows it in its own.",
        "Write TZID, or UTC.",
    ),
    "end": (
        "It does not end after it starts.",
        "Write a later DTEND, or none.",
    ),
    "zone-missing": (
        "The zone is used and not defined.",
        "Write its VTIMEZONE.",
    ),
    "zone-wrong": (
        "It gives another time than the zone has: on {day} already.",
        "Write the changes as they are; each onset in the offset before it (RFC 5545 3.6.5).",
    ),
    "not-found": (
        "There is no calendar at the address.",
        "Copy the whole address again, or make a new one.",
    ),
    "gone": (
        "The calendar was revoked, and its address has ended.",
        "Make a new address.",
    ),
    "status": (
        "The server answers with status {status} instead of a calendar.",
        "Look at the server, or ask whoever runs it.",
    ),
    "redirect": (
        "The address leads on to another one; some programs do not follow, and the other one learns the secret.",
        "Use the last address itself.",
    ),
    "not-https": (
        "The address is read in the clear: everybody on the way can read it.",
        "Serve it by https.",
    ),
    "content-type": (
        "It is announced as {found}.",
        "Announce text/calendar; charset=utf-8.",
    ),
    "cookie": (
        "The answer sets a cookie.",
        "Serve calendars without cookies.",
    ),
    "shared-cache": (
        "Caches on the way may keep it: Cache-Control is {found}.",
        "Send Cache-Control: private, no-cache.",
    ),
    "no-etag": (
        "Nothing names the state of the calendar: every program loads all of it each time.",
        "Send an ETag.",
    ),
    "no-304": (
        "Who has the calendar already is sent all of it again.",
        "Answer If-None-Match with 304.",
    ),
    "head": (
        "HEAD is not answered as GET is ({found}).",
        "Answer HEAD like GET, without the body.",
    ),
    "sign-in": (
        "The server asks for a sign-in; calendar programs have none to give.",
        "Let the secret address be all that is needed.",
    ),
    "too-large": (
        "It is larger than {size} MB; programs give up on it.",
        "Check the address; a calendar of one patient has some hundred kB.",
    ),
    "cut-off": (
        "Only {came} of {size} bytes came.",
        "Look at the server, and at what stands before it.",
    ),
    "gzip-unasked": (
        "It is compressed for programs that do not ask for gzip: they can read nothing.",
        "Compress only where Accept-Encoding names gzip.",
    ),
    "no-vary": (
        "Compressed or not goes by the request, and no header says so: a cache may send one for the other.",
        "Send Vary: Accept-Encoding.",
    ),
    "gzip-differs": (
        "In gzip it is another calendar than without.",
        "Compress the same bytes.",
    ),
    "telling": (
        "It tells of the treatment: {words}.",
        "Choose the level discreet for this feed, or have the patient agree to full.",
    ),
    "not-busy": (
        "It has titles, which the level busy never has.",
        "Make the feed again with the level busy.",
    ),
}
_NOTES = {
    "no-refresh": (
        "Nothing says how often to look again.",
        "Write REFRESH-INTERVAL and X-PUBLISHED-TTL.",
    ),
    "no-last-modified": (
        "LAST-MODIFIED is missing; ICSx5 on Android may keep an old state.",
        "Write it, and raise it with each change.",
    ),
    "weak-etag": (
        "The ETag is weak.",
        "Send a strong one, so that it names the bytes.",
    ),
    "no-last-modified-header": (
        "Last-Modified is missing: older programs ask by it.",
        "Send it.",
    ),
    "attachment": (
        "Browsers are told to save it as a file.",
        "Send Content-Disposition: inline.",
    ),
    "referrer": (
        "Referrer-Policy is not no-referrer.",
        "Send it, so that the address reaches no other site.",
    ),
    "robots": (
        "Nothing keeps search engines from listing it.",
        "Send X-Robots-Tag: noindex.",
    ),
    "no-gzip": (
        "It is not compressed for programs that take gzip.",
        "Compress it; Outlook's trouble with gzip is the one reason not to.",
    ),
}
