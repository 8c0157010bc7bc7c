"""`infusions plan`: a plan from a regimen or a course file. Stores nothing and needs no database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from scheduler import CourseFile, events, plan_to_dict, restamp
from scheduler.course import Course
from scheduler.course_file import course_id
from scheduler.events import StampedEvent
from scheduler.plan import Plan
from scheduler.plan_json import why_to_dict
from service.cli_support import Cli, config_option, json_option, note_language, write_json, write_out, write_text
from service.cli_types import AUDIENCE, CYCLE_LENGTH, DATE, FILE, NUMBER, TIME, ZONE, word
from service.config import Settings
from service.explaining import explained, explanation_text
from service.plan_table import plan_table
from service.planning import course_of, cycle_lengths, plan_course, read_course_file

if TYPE_CHECKING:
    from service.rendering import Look

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
FORMATS = ("table", "json", "ics", "pdf", "html", "svg", "text")
START = ("day1", "at", "zone", "cycles", "intent", "lengths", "audiences", "jurisdiction", "reason")


def start_options(command: Decorated) -> Decorated:
    """Adds the options that say how a course starts, beside its day 1."""
    for option in reversed(
        [
            click.option("--at", type=TIME, help="The infusion's start; without it the clinic's usual hour."),
            click.option("--zone", type=ZONE, help="The clinic's time zone; without it that of the settings."),
            click.option("--cycles", type=NUMBER, help="Number of cycles; without it the regimen's."),
            click.option("--intent", metavar="NAME", help="What the treatment leads to, such as transplant."),
            click.option("--cycle-length", "lengths", type=CYCLE_LENGTH, multiple=True, help="A cycle's length."),
            click.option("--audience", "audiences", type=AUDIENCE, multiple=True, help="Who needs a window."),
            click.option("--jurisdiction", default="", metavar="CODE", help="Whose label is followed, such as US."),
            click.option("--reason", default="", metavar="TEXT", help="Why the start departs from the regimen."),
        ]
    ):
        command = option(command)
    return command


def look_options(command: Decorated) -> Decorated:
    """Adds the options that say how a plan is shown."""
    for option in reversed(
        [
            click.option("--format", "format_name", type=word(*FORMATS), default="table", help="Default: table."),
            click.option("--output", type=FILE, help="A file instead of standard output; replaced as a whole."),
            click.option("--for", "reader", type=word("patient", "carer", "staff"), default="patient"),
            click.option("--detail", type=word("discreet", "busy", "full"), default="full"),
            click.option("--language", default="en", metavar="CODE", help="Of all formats but table and json."),
            click.option("--paper", type=word("a4", "letter"), default="a4", help="With pdf. Default: a4."),
            click.option("--large-print", is_flag=True, help="With pdf: large letters, one day below the other."),
            click.option("--why", is_flag=True, help="With the table: the reason for each date."),
            click.option(
                "--explain",
                metavar="KEY",
                multiple=True,
                help="Only the chain of reasons for c2d8, c2d8/blood-count, window/contraception/AUDIENCE …",
            ),
            json_option,
        ]
    ):
        command = option(command)
    return command


@click.command
@click.argument("regimen", required=False)
@click.option("--course", "course_file", type=FILE, help="A course file instead of a regimen and options.")
@click.option("--day1", type=DATE, help="Day 1 of cycle 1.")
@start_options
@click.option("--today", type=DATE, help="Stands for today, for remarks and for refusing the future.")
@look_options
@config_option
@click.pass_obj
def plan(cli: Cli, /, **given: Any) -> None:
    """Show the plan of a REGIMEN that starts on a day, or of a course file.

    Stores nothing and needs no database. The formats ics, html, svg and text are those that a patient gets.
    """
    _check_usage(given)
    if given["course_file"]:
        file, source = read_course_file(given["course_file"], cli.catalogue), str(given["course_file"])
    else:
        file, source = _from_options(cli, given), "plan"
    today = given["today"] or cli.today(file.course.zone)
    planned = plan_course(file, settings=cli.settings, today=today, source=source)
    show_plan(cli, planned, given, today=today)


def start_of(cli: Cli, given: dict[str, Any], settings: Settings, *, id_: UUID) -> Course:
    """The course that the options describe; the clinic's settings fill in hour, zone and whose label is followed."""
    return course_of(
        cli.catalogue.regimen(given["regimen"]),
        settings,
        id_=id_,
        day1=given["day1"],
        at=given["at"],
        zone=given["zone"],
        cycles=given["cycles"],
        intent=given["intent"],
        lengths=cycle_lengths(given["lengths"]),
        audiences=given["audiences"],
        reason=given["reason"],
        jurisdiction=given["jurisdiction"],
    )


def show_plan(cli: Cli, planned: Plan, given: dict[str, Any], *, today: date) -> None:
    """Shows a plan that nothing has stored, in the format that the options ask for."""
    id_, stamp = planned.course.id, datetime.combine(today, time(), tzinfo=UTC)
    stamped = restamp({}, events(planned), planned, at=stamp).values()
    show(
        Shown(plan=planned, stamped=tuple(stamped), id=id_, stamp=stamp, settings=cli.settings, extra={}),
        given,
        today=today,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A plan to show: with its events, the id of its calendar, the stamp of its revision, the settings of its clinic,
    and more for the JSON."""

    plan: Plan
    stamped: tuple[StampedEvent, ...]
    id: UUID
    stamp: datetime
    settings: Settings
    extra: dict[str, object]


def look_of(given: dict[str, Any]) -> "Look":
    """How the options of `look_options` ask for it."""
    from service.rendering import Look

    return Look(**{field: given[field] for field in ("reader", "detail", "language", "paper", "large_print")})


def show(shown: Shown, given: dict[str, Any], *, today: date) -> None:
    """Writes the plan as the options of `look_options` ask for."""
    name, output = "json" if given["as_json"] else given["format_name"], given["output"]
    note_language(given["language"])
    if given["explain"]:
        found = explained(shown.plan, given["explain"])
        if name == "json":
            write_json(
                {"explained": {key: [why_to_dict(why) for why in reasons] for key, reasons in found.items()}}, output
            )
        else:
            write_text(explanation_text(found), output)
    elif name == "json":
        write_json(plan_to_dict(shown.plan) | shown.extra, output)
    elif name == "table":
        write_text(plan_table(shown.plan, why=given["why"]), output)
    else:
        from service.rendering import render

        look = look_of(given)
        data = render(
            name,
            shown.plan,
            shown.stamped,
            settings=shown.settings,
            look=look,
            uid=shown.id,
            stamp=shown.stamp,
            today=today,
        )
        write_out(data, output)


# ---------------------------------------------------------------------------------------------------------------------


def _check_usage(given: dict[str, Any]) -> None:
    told = [name for name in ("regimen", *START) if given[name]]
    if given["course_file"] and told:
        raise click.UsageError(f"--course holds the whole course; leave out {', '.join(map(_called, told))}.")
    if not given["course_file"] and not (given["regimen"] and given["day1"]):
        raise click.UsageError("Name a REGIMEN and --day1, or a course file with --course.")


def _called(name: str) -> str:
    return {"regimen": "REGIMEN", "lengths": "--cycle-length", "audiences": "--audience"}.get(name, f"--{name}")


def _from_options(cli: Cli, given: dict[str, Any]) -> CourseFile:
    regimen = cli.catalogue.regimen(given["regimen"])
    id_ = course_id(regimen.id, "", given["day1"])
    return CourseFile(course=start_of(cli, given, cli.settings, id_=id_), regimen=regimen, actions=(), patient="")
