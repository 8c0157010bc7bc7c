"""`infusions course`: start a course, look at it, record what happens."""

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import click

from scheduler import action_to_fields
from service.as_json import course_json, entry_json
from service.cli_carer import carer
from service.cli_changes import accept_closed_days, update_regimen
from service.cli_facts import facts, given_facts, guardian_options
from service.cli_plan import Shown, look_of, look_options, show, start_of, start_options
from service.cli_record import record
from service.cli_support import (
    OPERATOR,
    Cli,
    LateGroup,
    acting_options,
    config_option,
    json_option,
    note_language,
    write_json,
    write_out,
    write_text,
)
from service.cli_types import DATE, ID, ZONE, number
from service.tables import table

if TYPE_CHECKING:
    from service.queries import HistoryEntry


@click.group(cls=LateGroup, modules={"import": "service.cli_transfer:import_", "export": "service.cli_transfer:export"})
@config_option
def course() -> None:
    """Start courses, look at them, record what happens."""


course.add_command(record)
course.add_command(carer)
course.add_command(facts)
course.add_command(accept_closed_days)
course.add_command(update_regimen)


@course.command()
@click.argument("regimen")
@click.option("--patient", required=True, metavar="NAME", help="As staff know the patient.")
@click.option("--day1", type=DATE, required=True, help="Day 1 of cycle 1.")
@click.option("--email", metavar="ADDRESS", help="Where reminders go; records that the patient agreed.")
@click.option("--no-consent", is_flag=True, help="With --email: the patient has not agreed to mails yet.")
@click.option("--language", default="en", metavar="CODE", help="The patient's language.")
@click.option("--patient-zone", type=ZONE, help="The patient's time zone; without it the clinic's.")
@click.option("--spoken-language", default="", metavar="TEXT", help="What the patient speaks, if it is another.")
@click.option("--interpreter", is_flag=True, help="An interpreter is needed.")
@guardian_options
@click.option("--follows", type=ID, help="The patient's earlier course: its last dose counts for the windows.")
@start_options
@acting_options
@json_option
@config_option
@click.pass_obj
def new(cli: Cli, /, **given: Any) -> None:
    """Start a course of REGIMEN; prints its id."""
    from service.courses import NewCourse, start_course

    if given["no_consent"] and not given["email"]:
        raise click.UsageError("--no-consent says something of --email; give that too.")
    start = start_of(cli, given, cli.home, id_=uuid4())
    wanted = NewCourse(
        regimen_id=given["regimen"],
        patient=given["patient"],
        course=start,
        email=given["email"],
        consent=bool(given["email"]) and not given["no_consent"],
        language=given["language"],
        patient_zone=given["patient_zone"] or start.zone,
        follows=given["follows"],
        facts=given_facts(given),
    )
    id_ = start_course(cli.app, wanted, by=given["by"], request_id=given["request_id"])
    note_language(wanted.language)
    write_json({"course": str(id_)}) if given["as_json"] else write_text(str(id_))


@course.command("list")
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, as_json: bool) -> None:
    """List all courses."""
    from service.audit import HOME_CLINIC, list_viewed
    from service.queries import list_courses

    lines = list_courses(cli.app, HOME_CLINIC)
    list_viewed(cli.app, by=OPERATOR)
    if as_json:
        write_json({"courses": [course_json(line) for line in lines]})
        return
    rows = [
        (line.id, line.patient, line.regimen_name, line.day1, line.next_visit, line.state, line.revision)
        for line in lines
    ]
    write_text(table(("course", "patient", "regimen", "day 1", "next visit", "state", "revision"), rows))


@course.command("show")
@click.argument("id_", metavar="ID", type=ID)
@click.option("--revision", type=number(0), help="The plan as it was after that action.")
@look_options
@click.option("--by", default=OPERATOR, metavar="USER", help="With pdf: who prints it.")
@config_option
@click.pass_obj
def show_(cli: Cli, /, *, id_: UUID, revision: int | None, by: str, **given: Any) -> None:
    """Show the plan of the course ID.

    The format pdf is a print that the clinic keeps a note of: the code on it opens a page that says whether it is out
    of date.
    """
    if given["format_name"] == "pdf" and not given["as_json"]:
        from service.prints import print_course

        write_out(print_course(cli.app, id_, look_of(given), by=by, revision=revision).body, given["output"])
        return
    from service.audit import course_viewed
    from service.patients import facts_to_dict
    from service.queries import load_course

    record = load_course(cli.app, id_, revision)
    course_viewed(cli.app, id_, by=by)
    shown = Shown(
        plan=record.plan,
        stamped=tuple(record.stamped.values()),
        id=record.course.id,
        stamp=record.recorded_at,
        settings=cli.home,
        extra={"course": str(record.id), "patient": record.patient, "revision": record.revision}
        | facts_to_dict(record.facts),
    )
    show(shown, given, today=cli.today(record.course.zone))


@course.command()
@click.argument("id_", metavar="ID", type=ID)
@click.option("--revision", type=number(), required=True, help="What that revision changed is known to the patient.")
@click.option("--by", default=OPERATOR, metavar="USER")
@click.option("--neutral-notice", is_flag=True, help="Not yet told: a mail goes that only asks the patient to call.")
@config_option
@click.pass_obj
def told(cli: Cli, *, id_: UUID, revision: int, by: str, neutral_notice: bool) -> None:
    """Note that the patient of the course ID was told: mails that waited for it may go."""
    app = cli.app
    from service.courses import neutral_notice as send_neutral
    from service.courses import tell_patient

    if neutral_notice:
        send_neutral(app, id_, revision, by=by)
        write_text(f"A neutral notice goes. The patient still has to be told of revision {revision}.")
        return
    tell_patient(app, id_, revision, by=by)
    write_text(f"The patient knows of revision {revision}.")


@course.command()
@click.argument("id_", metavar="ID", type=ID)
@json_option
@config_option
@click.pass_obj
def history(cli: Cli, *, id_: UUID, as_json: bool) -> None:
    """Show what was recorded for the course ID, by whom and when."""
    from service.audit import course_viewed
    from service.queries import load_course

    entries = load_course(cli.app, id_).entries
    course_viewed(cli.app, id_, by=OPERATOR)
    if as_json:
        write_json({"course": str(id_), "history": [entry_json(entry) for entry in entries]})
        return
    rows = [_entry_row(entry) for entry in entries]
    write_text(table(("number", "action", "what", "state", "by", "recorded"), rows))


# ---------------------------------------------------------------------------------------------------------------------


def _entry_row(entry: "HistoryEntry") -> tuple[object, ...]:
    fields = action_to_fields(entry.action)
    reason = {"reason": fields.pop("reason")} if "reason" in fields else {}
    what = ", ".join(f"{name} {value}" for name, value in (fields | reason).items())
    state = "stands" if entry.stands else "voided"
    return entry.number, entry.action.kind, what, state, entry.by, f"{entry.recorded_at:%Y-%m-%d %H:%M} UTC"
