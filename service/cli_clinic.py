"""`infusions clinic`: the settings of a clinic, and where each comes from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from service.cli_support import Cli, LateGroup, config_option, json_option, write_json, write_text
from service.cli_types import number
from service.config import origins
from service.tables import table

if TYPE_CHECKING:
    from service.clinic_settings import OwnSettings


@click.group(cls=LateGroup)
@config_option
def clinic() -> None:
    """The clinics of this service."""


@clinic.command()
@click.option("--clinic", "clinic_id", type=number(), default=1, help="The clinic's number; default 1.")
@json_option
@config_option
@click.pass_obj
def show(cli: Cli, *, clinic_id: int, as_json: bool) -> None:
    """Show the clinic's settings and where each comes from.

    What a clinic admin sets in the browser goes before the environment, that before the config file, and that before
    the default.
    """
    app = cli.app
    from service.clinic_settings import check_clinic, own_settings
    from service.own_settings import NAMES, as_written, value_of

    check_clinic(app, clinic_id)
    found = own_settings(app, clinic_id=clinic_id)
    places = origins(cli.config, cli.environ)
    lines = [(name, as_written(value_of(found.settings, name)), _origin(found, places, name)) for name in NAMES]
    if as_json:
        told = [{"name": name, "value": value, "from": place} for name, value, place in lines]
        write_json({"clinic": clinic_id, "revision": found.revision, "settings": told})
        return
    rows = [
        (name, ", ".join(map(str, value)) if isinstance(value, list) else value, place) for name, value, place in lines
    ]
    write_text(table(("setting", "value", "from"), rows))


# ---------------------------------------------------------------------------------------------------------------------


def _origin(found: "OwnSettings", places: Mapping[str, str], name: str) -> str:
    if name in found.own:
        by, at = found.set_by[name]
        return f"set by {by}, {at:%Y-%m-%d %H:%M} UTC"
    return places.get(name, "default")
