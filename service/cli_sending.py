"""`infusions reminders stop` and `start`, for all mails at once."""

import click

from service.cli_support import OPERATOR, Cli, config_option, write_text


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
