"""`infusions course accept-closed-days` and `update-regimen`: changes that the plan itself proposes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from service.changes_text import changes_json, changes_lines, window_lines, windows_json
from service.cli_support import Cli, acting_options, config_option, json_option, write_json, write_text
from service.cli_types import DAY, ID, NUMBER, number
from service.tables import plain

if TYPE_CHECKING:
    from service.courses import Outcome, Preview


@click.command("accept-closed-days")
@click.argument("id_", metavar="ID", type=ID)
@click.option("--cycle", type=NUMBER, help="With --day: only the visit of that cycle and day.")
@click.option("--day", type=DAY)
@click.option("--preview", is_flag=True, help="Show what would change, and store nothing.")
@click.option("--patient-told", is_flag=True, help="The patient knows: mails may tell it too.")
@click.option("--seen-revision", type=number(0), help="Refuse if the course has moved on since that revision.")
@acting_options
@json_option
@config_option
@click.pass_obj
def accept_closed_days(cli: Cli, /, *, id_: UUID, preview: bool, as_json: bool, **given: Any) -> None:
    """Move the doses of the course ID that lie on closed days to the open dates proposed for them."""
    from service.closed_days import accept_open_dates, preview_open_dates

    if (given["cycle"] is None) != (given["day"] is None):
        raise click.UsageError("Name one visit by --cycle and --day, or neither for all.")
    only = None if given["cycle"] is None else (given["cycle"], given["day"])
    if preview:
        show_preview(id_, preview_open_dates(cli.app, id_, only=only), as_json=as_json)
        return
    with stale_told():
        done = accept_open_dates(
            cli.app,
            id_,
            by=given["by"],
            only=only,
            seen_revision=given["seen_revision"],
            request_id=given["request_id"],
            patient_told=given["patient_told"],
        )
    show_outcome(id_, done, as_json=as_json)


@click.command("update-regimen")
@click.argument("id_", metavar="ID", type=ID)
@click.option("--accept", is_flag=True, help="Record it; without this the difference is shown and nothing is stored.")
@click.option("--reason", metavar="TEXT", default="")
@click.option("--patient-told", is_flag=True, help="The patient knows: mails may tell it too.")
@click.option("--seen-revision", type=number(0), help="Refuse if the course has moved on since that revision.")
@acting_options
@json_option
@config_option
@click.pass_obj
def update_regimen(cli: Cli, /, *, id_: UUID, accept: bool, as_json: bool, **given: Any) -> None:
    """Show what the newest version of its regimen would change for the course ID; with --accept move it there."""
    from service.courses import preview, record
    from service.queries import newer_version

    action = newer_version(cli.app, id_, reason=given["reason"])
    if not accept:
        show_preview(id_, preview(cli.app, id_, action), as_json=as_json)
        return
    with stale_told():
        done = record(
            cli.app,
            id_,
            action,
            by=given["by"],
            seen_revision=given["seen_revision"],
            request_id=given["request_id"],
            patient_told=given["patient_told"],
        )
    show_outcome(id_, done, as_json=as_json)


@contextmanager
def stale_told() -> Iterator[None]:
    """What is recorded within: where the course has moved on, what it did since is told beside the refusal."""
    from service.courses import StaleRevision

    try:
        yield
    except StaleRevision as stale:
        for line in changes_lines(stale.changes):
            click.echo(line, err=True)
        raise


def show_preview(id_: UUID, seen: "Preview", *, as_json: bool) -> None:
    """Writes what would change."""
    notices = [plain(str(notice)) for notice in seen.notices]
    if as_json:
        windows = windows_json(seen.before, seen.after)
        write_json(
            {"course": str(id_), "changes": changes_json(seen.changes), "windows": windows, "reminders": notices}
        )
        return
    lines = [*changes_lines(seen.changes), *window_lines(seen.before, seen.after)]
    lines += [f"reminder   {notice}" for notice in notices]
    write_text("\n".join(["Nothing is stored. Recording it would change:", *(lines or ["nothing"])]))


def show_outcome(id_: UUID, done: "Outcome", *, as_json: bool) -> None:
    """Writes what was recorded and what it changed."""
    if as_json:
        told = {"course": str(id_), "revision": done.revision, "repeated": done.repeated}
        write_json(told | {"changes": changes_json(done.changes)})
        return
    head = f"Revision {done.revision} " + ("was recorded before." if done.repeated else "is recorded.")
    write_text("\n".join([head, *changes_lines(done.changes)]))
