"""`infusions migrate`, `backup`, `restore`, `doctor`: what keeps the service in order."""

from pathlib import Path

import click

from service.cli_support import Cli, config_option, json_option, write_json, write_text
from service.cli_types import FILE
from service.tables import plain


@click.command()
@config_option
@click.pass_obj
def migrate(cli: Cli) -> None:
    """Make the database, or bring it to this program's schema."""
    from db.migrations import migrate as bring

    bring(cli.settings.database.url)
    from service.day_upkeep import follow_all

    follow_all(cli.app, cli.app.now())
    write_text("The database is at this program's schema.")


@click.command()
@click.argument("file", type=FILE)
@config_option
@click.pass_obj
def backup(cli: Cli, *, file: Path) -> None:
    """Copy the database into FILE while the service runs (SQLite; on PostgreSQL use pg_dump)."""
    from db.backup import backup as copy
    from db.engine import make_engine

    copy(make_engine(cli.settings.database.url), file)
    write_text(f"The backup is in {file}. It holds patients' names: keep it as safe as the database.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Even if the database holds courses: they are lost.")
@config_option
@click.pass_obj
def restore(cli: Cli, *, file: Path, replace: bool) -> None:
    """Put the backup FILE in the database's place (SQLite). Stop the service first."""
    from db.backup import restore as put_back
    from db.engine import SCHEMA, make_engine

    schema = put_back(make_engine(cli.settings.database.url), file, replace=replace)
    told = "" if schema == SCHEMA else " It is at an older schema: run `infusions migrate`."
    write_text(f"The backup {file} is restored.{told}")


@click.command()
@json_option
@config_option
@click.pass_obj
def doctor(cli: Cli, *, as_json: bool) -> int:
    """Check settings, regimens, database, secret and mail; exit 1 when something needs mending."""
    from service.health import examine

    findings = examine(cli.config, cli.environ)
    sound = all(finding.sound for finding in findings)
    if as_json:
        told = [{"what": each.what, "ok": each.sound, "message": each.message} for each in findings]
        write_json({"ok": sound, "checks": told})
    else:
        marks = {True: "ok  ", False: "MEND"}
        write_text("\n".join(f"{marks[each.sound]}  {each.what}: {plain(each.message)}" for each in findings))
    return int(not sound)
