"""`infusions reminders pause`, `resume` and `send-now`: what staff do with the mails of a course."""

from uuid import UUID

import click

from service.cli_support import OPERATOR, Cli, config_option, write_text
from service.cli_types import ID, number

REQUEST = click.option("--request-id", metavar="ID", help="Makes a repeat harmless.")


@click.command()
@click.argument("course", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@REQUEST
@config_option
@click.pass_obj
def pause(cli: Cli, *, course: UUID, by: str, request_id: str | None) -> None:
    """Keep back all mails of COURSE."""
    app = cli.app
    from service.mails import pause_mails

    pause_mails(app, course, by=by, request_id=request_id)
    write_text("No mail of that course goes. What becomes too late meanwhile comes to the worklist.")


@click.command()
@click.argument("course", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@REQUEST
@config_option
@click.pass_obj
def resume(cli: Cli, *, course: UUID, by: str, request_id: str | None) -> None:
    """Let the mails of COURSE go again."""
    app = cli.app
    from service.mails import resume_mails

    resume_mails(app, course, by=by, request_id=request_id)
    write_text("Mails of that course go again.")


@click.command("send-now")
@click.argument("message", type=number(highest=2**62))
@click.option("--at-night", is_flag=True, help="Also in the patient's quiet hours.")
@click.option("--by", default=OPERATOR, metavar="USER")
@REQUEST
@config_option
@click.pass_obj
def send(cli: Cli, *, message: int, at_night: bool, by: str, request_id: str | None) -> None:
    """Send the mail with MESSAGE (its number in `reminders list`) at the next pass, checked as always."""
    app = cli.app
    from service.mails import send_now

    goes = send_now(app, message, at_night=at_night, by=by, request_id=request_id)
    write_text(f"It goes at the first pass after {goes:%Y-%m-%d %H:%M} UTC, if it is still true then.")
