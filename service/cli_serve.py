"""`infusions serve` and `infusions worker`: the processes that run until they are stopped."""

import click

from service.cli_support import Cli, config_option
from service.cli_types import WholeType


@click.command()
@click.option("--host", metavar="H", help="Without it that of the settings.")
@click.option("--port", type=WholeType(0, 65535), help="Without it that of the settings; 0 takes a free one.")
@click.option("--no-reminders", is_flag=True, help="Leave reminders to `infusions worker`.")
@click.option("--demo", is_flag=True, hidden=True)
@config_option
@click.pass_obj
def serve(cli: Cli, *, host: str | None, port: int | None, no_reminders: bool, demo: bool) -> None:
    """Serve the pages and feeds, and send reminders, until Ctrl-C or SIGTERM."""
    from service.worker import run_clock
    from web.app import create_app
    from web.server import listen, serve

    _log_to_stderr()
    wanted = _chosen(cli.settings, host, port)
    listener = listen(wanted["host"], int(wanted["port"]))
    cli.use(_as_environment(wanted["host"], listener.getsockname()[1]))
    app = cli.app
    pages = create_app(app)
    if demo:
        _show_demo(cli)
    clock = None if no_reminders else run_clock(app)
    try:
        serve(pages, listener, started=lambda: _tell_started(cli.settings))
    finally:
        if clock is not None:
            clock.shutdown()
        app.engine.dispose()


@click.command()
@config_option
@click.pass_obj
def worker(cli: Cli) -> None:
    """Send reminders alone, until Ctrl-C or SIGTERM; any number may run."""
