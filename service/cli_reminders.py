"""`infusions reminders` and `infusions tick`: what goes out, and sending it."""

from datetime import datetime
from uuid import UUID

import click

from service.as_json import reminder_json
from service.cli_carer import choose
from service.cli_mails import pause, resume, send
from service.cli_sending import settle, start, stop
from service.cli_support import OPERATOR, Cli, LateGroup, config_option, json_option, write_json, write_text
from service.cli_types import ID, INSTANT, word
from service.tables import table

STATES = ("waiting", "untold", "claimed", "sent", "superseded", "expired", "dead", "unknown")


@click.group(cls=LateGroup)
@config_option
def reminders() -> None:
    """List reminders; pause, resume or hurry mails; stop mails to an address, or all."""


for command in (choose, pause, resume, send, settle, start, stop):
    reminders.add_command(command)


@reminders.command("list")
@click.argument("course", type=ID, required=False)
@click.option("--state", type=word(*STATES), help="Only those in that state.")
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, course: UUID | None, state: str | None, as_json: bool) -> None:
    """List reminders, of all courses or of COURSE, the next to go first."""
    app = cli.app
    from service.messages import State, list_messages, reasons
    from service.sending import stopped, stopped_since

    found = list_messages(app, course, State(state) if state else None)
    why = reasons(app, found)
    breaker = stopped(app)
    if as_json:
        lines = [reminder_json(each) | {"reason": why[each.id]} for each in found]
        write_json({"stopped": stopped_since(breaker) if breaker else None, "reminders": lines})
        return
    if breaker:
        write_text(f"Attention: {stopped_since(breaker)}.")
    rows = [
        (
            each.id,
            each.state,
            _utc(each.send_after),
            _utc(each.send_before),
            each.kind,
            each.event_key,
            each.course_id,
            why[each.id],
        )
        for each in found
    ]
    write_text(table(("id", "state", "not before", "not after", "kind", "about", "course", "why"), rows))


@reminders.command()
@click.argument("address")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def suppress(cli: Cli, *, address: str, by: str) -> None:
    """Send nothing to ADDRESS any more."""
    app = cli.app
    from service.messages import suppress as suppress_

    suppress_(app, address, by=by)
    write_text("Nothing is sent to that address any more.")


@reminders.command()
@click.argument("address")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def release(cli: Cli, *, address: str, by: str) -> None:
    """Allow mails to ADDRESS again."""
    app = cli.app
    from service.messages import release as allow

    allow(app, address, by=by)
    write_text("Mails go to that address again.")


@click.command()
@click.option("--now", type=INSTANT, help="Takes this instant as now; what is due then is really sent.")
@json_option
@config_option
@click.pass_obj
def tick(cli: Cli, *, now: datetime | None, as_json: bool) -> None:
    """Do one pass: plan what is due, claim it, send it."""
    app = cli.app
    from service.worker import tick as pass_once

    done = pass_once(app, now or app.now())
    if as_json:
        told = {"planned": done.planned, "sent": done.sent, "expired": done.expired, "failed": done.failed}
        write_json(told)
        return
    write_text(f"Planned {done.planned}, sent {done.sent}, expired {done.expired}, failed {done.failed}.")


# ---------------------------------------------------------------------------------------------------------------------


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
