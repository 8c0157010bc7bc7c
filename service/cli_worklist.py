"""`infusions worklist`: what no mail can do, and ticking it off."""

from typing import TYPE_CHECKING
from uuid import UUID

import click

from service.as_json import line_json
from service.cli_support import Cli, LateGroup, acting_options, config_option, json_option, write_json, write_text
from service.cli_types import ID
from service.tables import table

if TYPE_CHECKING:
    from service.worklist import Line

WORDS = {
    "call": "phone the patient: a date within 48 hours has changed",
    "remind": "phone about the visit: no mail goes to the patient",
    "record": "record whether the dose was given",
    "prescribe": "tell the prescriber at once: a pregnancy was recorded",
    "tell": "tell the patient: no mail does it first",
    "phone": "phone: a mail did not arrive",
    "note": "take note: no more mails wanted, phone about changes",
}


@click.group(cls=LateGroup)
@config_option
def worklist() -> None:
    """List what staff have to do, and tick it off."""


@worklist.command("list")
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, as_json: bool) -> None:
    """List the open lines, the urgent ones first."""
    app = cli.app
    from service.worklist import worklist as lines_of

    lines = lines_of(app)
    if as_json:
        write_json({"lines": [line_json(line) for line in lines]})
        return
    rows = [(line.course_id, line.key, _what(line), "urgent" if line.urgent else "") for line in lines]
    write_text(table(("course", "line", "to do", ""), rows))


@worklist.command()
@click.argument("course", type=ID)
@click.argument("line", metavar="LINE")
@acting_options
@config_option
@click.pass_obj
def done(cli: Cli, *, course: UUID, line: str, by: str, request_id: str | None) -> None:
    """Note that LINE (as in `worklist list`) of COURSE is done; of one to tell, that the patient knows."""
    app = cli.app
    from service.worklist_acts import tick_off

    tick_off(app, course, line, by=by, request_id=request_id)
    write_text(f"Line {line} of course {course} is done.")


# ---------------------------------------------------------------------------------------------------------------------


def _what(line: "Line") -> str:
    about = f" ({line.visit})" if line.visit else f" (entry {line.number})" if line.number else ""
    return WORDS[line.todo] + about
