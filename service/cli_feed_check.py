"""`infusions feed check`: what a calendar program will see at an address or in a file, and what is wrong with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calendars.kinds import Detail
from scheduler.errors import InvalidValue
from service.cli_support import Cli, config_option, json_option, write_json, write_text
from service.cli_types import word
from service.tables import pairs, plain, table

if TYPE_CHECKING:
    from calendars.checking import SeenCalendar, SeenEvent
    from calendars.findings import Finding
    from service.feed_fetching import Served

NEXT = 10
LANGUAGE = "en"
# What tells of a treatment in the languages of our feeds, beside the names of the clinic's drugs.
TELLING = (
    "infusion",
    "chemo",
    "cancer",
    "oncolog",
    "leuk",
    "pregnan",
    "birth control",
    "breastfe",
    "infusión",
    "quimio",
    "cáncer",
    "embaraz",
    "تسريب",
    "سرطان",
    "حمل",
)


@click.command()
@click.argument("place", metavar="ADDRESS|FILE")
@click.option("--detail", type=word(*Detail), help="The level that it should have: what tells more is a problem then.")
@json_option
@config_option
@click.pass_obj
def check(cli: Cli, *, place: str, detail: str | None, as_json: bool) -> int:
    """Explain what a calendar program will see at ADDRESS or in FILE, from this clinic or any other.

    The address itself is told nowhere.
    """
    from calendars.checking import look

    served = _served(place)
    body = served.body if served else _read(Path(place))
    findings = list(served.findings if served else ())
    seen = look(body, _words(cli)) if body or served is None else None
    if seen is not None:
        findings += [*seen.findings, *_of_level(seen, detail)]
    shown = _shown(served, seen, cli.now())
    if as_json:
        write_json(shown | {"findings": [asdict(each) for each in findings], "ok": not _problems(findings)})
    else:
        write_text("\n\n".join(filter(None, _parts(served, seen, findings, cli.now()))))
    return int(bool(_problems(findings)))


# ---------------------------------------------------------------------------------------------------------------------


def _served(place: str) -> "Served | None":
    from service.feed_fetching import fetch_calendar

    return fetch_calendar(place) if "://" in place else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise InvalidValue(f"file: it cannot be read ({fault.strerror}); check the name") from None


def _words(cli: Cli) -> tuple[str, ...]:
    """The names of the clinic's regimens and drugs, and what else tells."""
    regimens = cli.catalogue.regimens()
    names = {name for regimen in regimens for name in (regimen.name, *(agent.name for agent in regimen.ranked))}
    return (*sorted(names), *TELLING)


def _of_level(seen: "SeenCalendar", detail: str | None) -> "Iterator[Finding]":
    from calendars.findings import fault

    if detail in {Detail.DISCREET, Detail.BUSY} and seen.telling:
        yield fault("telling", "texts", words=", ".join(seen.telling))
    if detail == Detail.BUSY and not seen.silent:
        yield fault("not-busy", "texts")


def _problems(findings: "list[Finding]") -> "list[Finding]":
    return [each for each in findings if each.severity == "problem"]


# -- For people -------------------------------------------------------------------------------------------------------


def _parts(
    served: "Served | None", seen: "SeenCalendar | None", findings: "list[Finding]", now: datetime
) -> Iterator[str]:
    if seen is not None:
        yield pairs(_summary(served, seen))
        coming = _coming(seen, now)
        rows = [(_when(each), each.summary or "(no title)", each.status, _alarms(each)) for each in coming]
        yield "Next\n" + table(("when", "title", "status", "alarms"), rows) if rows else "Nothing is to come."
    for severity, heading, none in (("problem", "Problems", "No problems."), ("note", "Notes", "")):
        told = [(each.place, each.message, each.remedy) for each in findings if each.severity == severity]
        yield f"{heading}\n" + table(("where", "what", "remedy"), told) if told else none


def _summary(served: "Served | None", seen: "SeenCalendar") -> list[tuple[str, object]]:
    counted = Counter(each.status or "without a status" for each in seen.events)
    states = ", ".join(f"{count} {status}" for status, count in counted.most_common())
    return [
        ("calendar", seen.name or "(no name)"),
        ("from", served.host if served else "a file"),
        ("events", f"{len(seen.events)}: {states}" if seen.events else "none"),
        ("zones", ", ".join(seen.zones) or "none defined"),
        ("tells of", ", ".join(seen.telling) or ("nothing: no titles" if seen.silent else "nothing: neutral titles")),
        ("alarms", _all_alarms(seen)),
        ("looked at again", _refresh(seen)),
        ("unchanged", _unchanged(served)),
        ("compressed", ("yes" if served.takes_gzip else "no") if served else ""),
    ]


def _refresh(seen: "SeenCalendar") -> str:
    from calendars.wording import say_duration

    return f"after {say_duration(seen.refresh, LANGUAGE)}" if seen.refresh else "as often as the program likes"


def _unchanged(served: "Served | None") -> str:
    if served is None:
        return ""
    return "answered in a few bytes (304)" if served.honours_304 else "sent again as a whole each time"


def _all_alarms(seen: "SeenCalendar") -> str:
    counted = Counter(lead for each in seen.events for lead in each.alarms)
    return ", ".join(f"{count} × {_lead(lead)}" for lead, count in sorted(counted.items())) or "none"


def _alarms(event: "SeenEvent") -> str:
    return ", ".join(map(_lead, event.alarms))


def _lead(lead: timedelta) -> str:
    from calendars.wording import say_duration

    if not lead:
        return "at the start"
    return f"{say_duration(abs(lead), LANGUAGE)} {'before' if lead > timedelta(0) else 'after the start'}"


def _coming(seen: "SeenCalendar", now: datetime) -> "list[SeenEvent]":
    return [each for each in seen.events if _instant(each.end) >= now][:NEXT]


def _instant(moment: date | datetime) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, datetime.max.time(), tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _when(event: "SeenEvent") -> str:
    from calendars.wording import say_moment, say_time

    start, end = event.start, event.end
    text = say_moment(start, LANGUAGE)
    if isinstance(start, datetime) and isinstance(end, datetime):
        until = say_time(end, LANGUAGE) if start.date() == end.date() else say_moment(end, LANGUAGE)
        zone = event.zone or ("UTC" if start.tzinfo else "no zone")
        return plain(f"{text}–{until} ({zone})" if end != start else f"{text} ({zone})")
    return text if end == start else f"{text} – {say_moment(end, LANGUAGE)}"


# -- For programs -----------------------------------------------------------------------------------------------------


def _shown(served: "Served | None", seen: "SeenCalendar | None", now: datetime) -> dict[str, object]:
    http = served and {
        "host": served.host,
        "etag": "etag" in served.headers,
        "cache_control": served.headers.get("cache-control"),
        "content_type": served.headers.get("content-type"),
        "honours_304": served.honours_304,
        "gzip": served.takes_gzip,
    }
    if seen is None:
        return {"schema": 1, "http": http, "calendar": None}
    return {
        "schema": 1,
        "http": http,
        "calendar": {
            "name": seen.name,
            "events": len(seen.events),
            "statuses": Counter(each.status for each in seen.events),
            "zones": list(seen.zones),
            "refresh_minutes": seen.refresh // timedelta(minutes=1) if seen.refresh else None,
            "telling": list(seen.telling),
        },
        "next": [
            {
                "uid": each.uid,
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "zone": each.zone or None,
                "summary": each.summary,
                "status": each.status,
                "alarm_minutes": [lead // timedelta(minutes=1) for lead in each.alarms],
            }
            for each in _coming(seen, now)
        ],
    }
