"""`infusions serve` and `infusions worker`: the processes that run until they are stopped."""

import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from types import FrameType
from typing import TYPE_CHECKING

import click

from service.cli_support import Cli, config_option, write_text
from service.cli_types import number
from service.config import Settings

if TYPE_CHECKING:
    from service.wiring import App


@click.command()
@click.option("--host", metavar="H", help="Without it that of the settings.")
@click.option("--port", type=number(0, 65535), help="Without it that of the settings; 0 takes a free one.")
@click.option("--no-reminders", is_flag=True, help="Leave reminders to `infusions worker`.")
@click.option("--demo", is_flag=True, hidden=True)
@config_option
@click.pass_obj
def serve(cli: Cli, *, host: str | None, port: int | None, no_reminders: bool, demo: bool) -> None:
    """Serve the pages and feeds, and send reminders, until Ctrl-C or SIGTERM."""
    from web.server import listen

    prepare()
    server = cli.settings.server
    with closing(listen(host or server.host, server.port if port is None else port)) as listener:
        overrides = {"INFUSIONS_SERVER__PORT": str(listener.getsockname()[1])}
        overrides |= {"INFUSIONS_SERVER__HOST": host} if host else {}
        _serve(cli.with_environment(overrides), listener, reminders=not no_reminders, demo=demo)


@click.command()
@config_option
@click.pass_obj
def worker(cli: Cli) -> None:
    """Send reminders alone, until Ctrl-C or SIGTERM; any number may run."""
    from service.worker import run_worker

    prepare()
    app = cli.app
    write_text(f"Sending reminders. {_mails(cli.settings)} Ctrl-C stops.")
    run_worker(app)


def prepare() -> None:
    """Sends what the service logs to standard error, and lets SIGTERM end a start as Ctrl-C does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in ("alembic", "apscheduler", "asyncio", "sqlalchemy", "uvicorn"):
        logging.getLogger(library).setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, _interrupt)


# ---------------------------------------------------------------------------------------------------------------------


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _serve(cli: Cli, listener: socket.socket, *, reminders: bool, demo: bool) -> None:
    from web.app import create_app
    from web.server import serve as answer

    app = cli.app
    pages = create_app(app)
    told = _load_demo(app, cli.settings.server.public_url) if demo else []
    with _clock(app) if reminders else nullcontext():
        answer(
            pages,
            listener,
            started=lambda: write_text("\n".join([*told, *_started(cli.settings)])),
            proxies=cli.settings.server.proxies,
        )


@contextmanager
def _clock(app: "App") -> Iterator[None]:
    from service.worker import run_clock

    clock = run_clock(app)
    try:
        yield
    finally:
        clock.shutdown()  # the mail that is being sent is finished first


def _load_demo(app: "App", address: str) -> list[str]:
    from service.demo import load_demo

    loaded = load_demo(app)
    if loaded is None:
        return ["The database is not empty, so the demo clinic was not loaded. Sign in as before."]
    return [
        "A demo clinic is loaded; all its patients are made up.",
        f"  sign-in   {address}/sign-in as {loaded.user}",
        f"  password  {loaded.password} (shown this once)",
        f"  feed      {loaded.feed_address}",
    ]


def _started(settings: Settings) -> list[str]:
    return [_mails(settings), f"Serving {settings.server.public_url} - Ctrl-C stops."]


def _mails(settings: Settings) -> str:
    if settings.smtp.host:
        return f"Mails go to {settings.smtp.host}."
    return f"Mails are written to {settings.mail.folder}."
