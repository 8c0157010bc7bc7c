"""`infusions reminders stop` and `start` and `settle`, for all mails at once; and `infusions bounce`."""

import sys
from datetime import datetime

import click

from scheduler.errors import InfusionsError
from service.cli_support import OPERATOR, Cli, config_option, write_text
from service.cli_types import INSTANT

TRY_LATER = 75  # EX_TEMPFAIL of sysexits: whatever else a pipe ends with, a mail system gives the mail up


@click.command()
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def stop(cli: Cli, *, by: str) -> None:
    """Let no mail go, in any process, until `start`."""
    app = cli.app
    from service.sending import pause

    pause(app, by=by)
    write_text("No mail goes until `infusions reminders start`; the one that is being sent may still arrive.")


@click.command()
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def start(cli: Cli, *, by: str) -> None:
    """Let mails go again, after `stop` or a mended fault, with the next tick."""
    app = cli.app
    from service.sending import resume

    resume(app, by=by)
    write_text("Mails go again with the next tick.")


@click.command()
@click.option("--until", type=INSTANT, required=True, help="When the service was stopped, as 2026-12-06T14:00:00Z.")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def settle(cli: Cli, *, until: datetime, by: str) -> None:
    """After a restore: send nothing that was due until then, since it may have gone already."""
    app = cli.app
    from service.sending import settle as close

    count = close(app, until, by=by)
    write_text(f"{count} messages are closed: they may have gone before the restore. They stand on the worklist.")


@click.command()
@config_option
@click.pass_obj
def bounce(cli: Cli) -> int:
    """Take a mail that came back, from standard input: an address that does not exist gets none any more.

    Exit 75 (try again later) when it can't be taken now, so that the mail system keeps it and pipes it in anew.
    """
    content = sys.stdin.buffer.read()  # to its end: a pipe that is closed early reads as a failure
    try:
        app = cli.app
        from service.bounces import take

        taken = take(app, content, now=app.now())
    except InfusionsError as fault:
        click.echo(str(fault), err=True)
        return TRY_LATER
    write_text(f"The report is taken: {taken}.")
    return 0
