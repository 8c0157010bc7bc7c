"""`infusions course carer` and `infusions reminders choose`: who gets mails beside the patient, and which."""

from typing import TYPE_CHECKING
from uuid import UUID

import click

from scheduler.errors import InvalidValue
from service.as_json import recipient_json
from service.cli_support import (
    OPERATOR,
    Cli,
    LateGroup,
    config_option,
    json_option,
    note_language,
    write_json,
    write_text,
)
from service.cli_types import ID, ZONE, Value, whole, word
from service.tables import table

if TYPE_CHECKING:
    from service.carers import RecipientLine

KINDS = ("visit", "check", "window", "change")
DETAILS = ("discreet", "full")


def _only_days(text: str, field: str) -> tuple[str, tuple[int, ...]]:
    kind, _, days = text.partition("=")
    if kind not in KINDS[:-1] or not days:
        message = f"{field}: {text!r} can't be read; write kind=days before, as in visit=1 or visit=3,1"
        raise InvalidValue(message, field=field)
    return kind, tuple(whole(each, field, 0, 366) for each in days.split(","))


ONLY = Value("KIND=DAYS", _only_days)


@click.group(cls=LateGroup)
@config_option
def carer() -> None:
    """Add, list and remove carers who get mails."""


@carer.command()
@click.argument("course", type=ID)
@click.option("--name", required=True, metavar="NAME", help="As staff know the carer.")
@click.option("--email", required=True, metavar="ADDRESS", help="Where mails go; records that the patient agreed.")
@click.option("--language", default="en", metavar="CODE", help="The carer's language.")
@click.option("--zone", type=ZONE, help="The carer's time zone; without it the clinic's.")
@click.option("--detail", type=word(*DETAILS), default="discreet", help="Default: discreet.")
@click.option("--by", default=OPERATOR, metavar="USER")
@json_option
@config_option
@click.pass_obj
def add(
    cli: Cli,
    *,
    course: UUID,
    name: str,
    email: str,
    language: str,
    zone: str | None,
    detail: str,
    by: str,
    as_json: bool,
) -> None:
    """Add a carer to COURSE, who gets mails from now on; prints how the course calls them."""
    app = cli.app
    from calendars.kinds import Detail
    from service.audit import HOME_CLINIC
    from service.carers import NewCarer, add_carer

    new = NewCarer(
        name=name,
        email=email,
        consent=True,
        language=language,
        zone=zone or app.of(HOME_CLINIC).settings.clinic.zone,
        detail=Detail(detail),
    )
    role = add_carer(app, course, new, by=by)
    note_language(language)
    write_json({"course": str(course), "carer": role}) if as_json else write_text(role)


@carer.command("list")
@click.argument("course", type=ID)
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, course: UUID, as_json: bool) -> None:
    """List who gets the mails of COURSE: the patient, and the carers with what they want."""
    from service.carers import list_recipients

    lines = list_recipients(cli.app, course)
    if as_json:
        write_json({"course": str(course), "recipients": [recipient_json(line) for line in lines]})
        return
    from service.languages import cell

    words = cli.app.wordings
    rows = [
        (
            line.role,
            line.name,
            line.email,
            cell(words, line.language),
            line.zone,
            line.detail,
            _wants(line),
            _state(line),
        )
        for line in lines
    ]
    write_text(table(("recipient", "name", "email", "language", "zone", "detail", "wants", "state"), rows))


@carer.command()
@click.argument("course", type=ID)
@click.argument("role", metavar="CARER")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def remove(cli: Cli, *, course: UUID, role: str, by: str) -> None:
    """Note that consent to mails to CARER (as in `carer list`) ended: none goes any more."""
    from service.carers import remove_carer

    remove_carer(cli.app, course, role, by=by)
    write_text(f"Nothing is sent to {role} of course {course} any more.")


@click.command()
@click.argument("course", type=ID)
@click.option("--for", "role", default="patient", metavar="RECIPIENT", help="Default: patient; else as carer-1.")
@click.option("--without", type=word(*KINDS), multiple=True, help="None of that kind; may be repeated.")
@click.option("--only", type=ONLY, multiple=True, help="Of that kind only so many days before; may be repeated.")
@click.option("--detail", type=word(*DETAILS), help="How much a mail tells.")
@click.option("--calendar", type=word("no-feed", "always", "never"), help="When mails bring calendar files.")
@click.option("--by", default=OPERATOR, metavar="USER")
@json_option
@config_option
@click.pass_obj
def choose(
    cli: Cli,
    *,
    course: UUID,
    role: str,
    without: tuple[str, ...],
    only: tuple[tuple[str, tuple[int, ...]], ...],
    detail: str | None,
    calendar: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Record which mails of COURSE a recipient wants; without --without and --only all that the clinic sends."""
    app = cli.app
    from calendars.kinds import Detail
    from reminders.rules import Kind
    from service.carers import Wish
    from service.carers import choose as record
    from service.recipients import CalendarFiles

    wish = Wish(
        days={Kind(kind): days for kind, days in only} | {Kind(kind): () for kind in without},
        detail=Detail(detail) if detail else None,
        calendar=CalendarFiles(calendar) if calendar else None,
    )
    line = record(app, course, role, wish, by=by)
    write_json(recipient_json(line)) if as_json else write_text(f"{line.role} wants: {_wants(line)}.")


# ---------------------------------------------------------------------------------------------------------------------


def _wants(line: "RecipientLine") -> str:
    less = [f"{kind} {', '.join(map(str, days)) or 'none'}" for kind, days in line.choice.items()]
    return "; ".join(less) or "all"


def _state(line: "RecipientLine") -> str:
    if line.withdrawn_at:
        return "consent withdrawn"
    if line.unsubscribed_at:
        return f"unsubscribed {line.unsubscribed_at:%Y-%m-%d}"
    if line.email and not line.consent:
        return "no consent"
    return "gets mails" if line.email else "no address"
