"""`infusions audit`: whether the record of who did what is as it was written."""

import click

from scheduler.errors import InfusionsError
from service.cli_support import Cli, LateGroup, config_option, json_option, write_json, write_text
from service.cli_types import number


@click.group(cls=LateGroup)
@config_option
def audit() -> None:
    """The record of who did what, when and from where."""


@audit.command()
@click.option("--clinic", type=number(), default=1, help="The clinic's number; default 1.")
@json_option
@config_option
@click.pass_obj
def verify(cli: Cli, *, clinic: int, as_json: bool) -> int:
    """Look for changed, missing, swapped and added entries; exit 1 when there are any.

    Note the newest entry's number and seal where nobody of this machine can write: with them even a record that was
    put back whole to an earlier state is found out.
    """
    from service.audit import faults

    head, found = faults(cli.app, clinic_id=clinic)
    if as_json:
        write_json({"ok": not found, "newest": head.number, "seal": head.seal, "faults": list(found)})
        return int(bool(found))
    if found:
        raise InfusionsError(
            "audit: " + "; ".join(found[:SHOWN]) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
        )
    write_text(f"The record is whole. Newest entry: {head.number}, seal {head.seal or 'none yet'}.")
    return 0


SHOWN = 20  # enough to see where to look
