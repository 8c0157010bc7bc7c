"""`infusions print`: what was printed of a course. `infusions course show ID --format pdf` prints it."""

from typing import TYPE_CHECKING
from uuid import UUID

import click

from service.as_json import print_json
from service.cli_support import OPERATOR, Cli, LateGroup, config_option, json_option, write_json, write_text
from service.cli_types import ID
from service.tables import table

if TYPE_CHECKING:
    from service.prints import PrintLine


@click.group("print", cls=LateGroup)
@config_option
def print_() -> None:
    """List and revoke printed calendars."""


@print_.command("list")
@click.argument("course", type=ID)
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, course: UUID, as_json: bool) -> None:
    """List what was printed of COURSE, the newest first, and what of it is out of date."""
    from service.prints import list_prints

    lines = list_prints(cli.app, course)
    if as_json:
        write_json({"course": str(course), "prints": [print_json(line) for line in lines]})
        return
    rows = [_row(line) for line in lines]
    write_text(table(("print", "printed", "by", "for", "detail", "state"), rows))


@print_.command()
@click.argument("print_id", metavar="PRINT", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def revoke(cli: Cli, *, print_id: UUID, by: str) -> None:
    """Revoke PRINT: the page behind its code tells nothing any more."""
    from service.prints import revoke_print

    revoke_print(cli.app, print_id, by=by)
    write_text(f"Print {print_id} is revoked.")


# ---------------------------------------------------------------------------------------------------------------------


def _row(line: "PrintLine") -> tuple[object, ...]:
    at = f"{line.printed_at:%Y-%m-%d %H:%M} UTC"
    return line.id, at, line.printed_by, line.look.reader, line.look.detail, _state(line)


def _state(line: "PrintLine") -> str:
    if line.revoked_at is not None:
        return "revoked"
    return "out of date" if line.outdated else "up to date"
