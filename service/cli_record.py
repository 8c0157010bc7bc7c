"""`infusions course record`: records what happened or was decided, or shows what that would change."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import click

from scheduler import action_from_fields
from scheduler.actions import ACTION_KINDS, Action
from scheduler.errors import Rejected
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from service.cli_changes import show_outcome, show_preview, stale_told
from service.cli_support import Cli, acting_options, config_option, json_option
from service.cli_types import DATE, DAY, ID, NUMBER, TIME, number, whole

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

VALUES = [
    click.option("--cycle", type=NUMBER),
    click.option("--day", type=DAY, help="Days before day 1 count down: 0, -1."),
    click.option("--agent", metavar="KEY", help="One agent of the visit; without it all that are due then."),
    click.option("--on", type=DATE, help="When it happened, or from when it holds."),
    click.option("--to", type=DATE, help="The new date of a deferral; the last day away."),
    click.option("--from", "from_", type=DATE, help="The first day away."),
    click.option("--scope", metavar="dose|cycle|course", help="What a deferral carries along."),
    click.option("--days", metavar="N", help="A cycle's length; for `days` the days that stay, as in 1,8."),
    click.option("--count", type=NUMBER, help="Number of cycles."),
    click.option("--value", metavar="V", help="An intent, a response or an audience."),
    click.option("--change", metavar="add|remove|private|shown", help="What happens to an audience."),
    click.option("--version", metavar="V", help="The regimen's version."),
    click.option("--reason", metavar="TEXT"),
    click.option("--action", type=NUMBER, help="The number of the action that `void` takes back."),
    click.option("--started", metavar="HH:MM"),
    click.option("--ended", metavar="HH:MM"),
    click.option("--cause", metavar="C", help="Why doses are on hold, or treatment stops."),
    click.option("--at", type=TIME, help="The hour of a visit."),
    click.option("--replaces", type=NUMBER, help="The number of an earlier action that this one takes back."),
]
FLAGS = [
    click.option("--not-tolerated", is_flag=True),
    click.option("--partial", is_flag=True, help="The dose was not given completely."),
    click.option("--elsewhere", is_flag=True, help="The dose was given by another clinic."),
]
SAME_NAME = (
    *("cycle", "day", "agent", "on", "to", "scope", "count", "value", "change", "version", "reason", "action"),
    *("started", "ended", "cause", "at", "replaces"),
)


def value_options(command: Decorated) -> Decorated:
    """Adds an option for each field that an action can have."""
    for option in reversed(VALUES + FLAGS):
        command = option(command)
    return command


@click.command()
@click.argument("id_", metavar="ID", type=ID)
@click.argument("kind", metavar="KIND")
@value_options
@click.option("--preview", is_flag=True, help="Show what would change, and store nothing.")
@click.option("--patient-told", is_flag=True, help="The patient knows: mails may tell it too.")
@click.option("--neutral-notice", is_flag=True, help="Its mail goes before the patient knows, and only asks to call.")
@click.option("--seen-revision", type=number(0), help="Refuse if the course has moved on since that revision.")
@acting_options
@json_option
@config_option
@click.pass_obj
def record(cli: Cli, /, *, id_: UUID, kind: str, as_json: bool, **given: Any) -> None:
    """Record an action of that KIND for the course ID.

    \b
    Kinds: given defer hold resume omit cycle-length days cycles intent
    response time audience away cease regimen void.
    """
    action = action_of(kind, given)
    if given["preview"]:
        from service.courses import preview

        show_preview(id_, preview(cli.app, id_, action), as_json=as_json)
    else:
        _record(cli, id_, action, given, as_json=as_json)


def action_of(kind: str, given: dict[str, Any]) -> Action:
    """The action that the options describe; Rejected when its kind knows no such field, or misses one."""
    if kind not in ACTION_KINDS:
        known = ", ".join(ACTION_KINDS)
        raise Rejected("unknown-kind", f"KIND: {kind!r} is no action; use one of {known}", field="kind")
    fields: dict[str, object] = {name: given[name] for name in SAME_NAME if given[name] is not None}
    fields |= {"from": given["from_"]} if given["from_"] else {}
    fields |= {"days": _days(kind, given["days"])} if given["days"] is not None else {}
    fields |= {"tolerated": False} if given["not_tolerated"] else {}
    fields |= {"complete": False} if given["partial"] else {}
    fields |= {"elsewhere": True} if given["elsewhere"] else {}
    return action_from_fields(kind, fields)


# ---------------------------------------------------------------------------------------------------------------------


def _days(kind: str, text: str) -> int | list[int]:
    if kind == "days":
        return [whole(part.strip(), "--days", EARLIEST_DAY, MAX_LENGTH) for part in text.split(",")]
    return whole(text, "--days", 1, MAX_LENGTH)


def _record(cli: Cli, id_: UUID, action: Action, given: dict[str, Any], *, as_json: bool) -> None:
    from service.courses import record

    with stale_told():
        done = record(
            cli.app,
            id_,
            action,
            by=given["by"],
            seen_revision=given["seen_revision"],
            request_id=given["request_id"],
            patient_told=given["patient_told"],
            neutral_notice=given["neutral_notice"],
        )
    show_outcome(id_, done, as_json=as_json)
