"""`infusions regimens`: what the clinic can plan, and whether a regimen file is sound."""

from pathlib import Path
from textwrap import fill

import click

from scheduler import parse_regimen
from scheduler.errors import FileRefused, InfusionsError
from scheduler.regimen import Regimen
from service.as_json import regimen_json
from service.catalogue import load_catalogue, read_text
from service.cli_support import Cli, LateGroup, config_option, json_option, write_json, write_out, write_text
from service.cli_types import FILE
from service.regimen_grid import grid
from service.regimen_words import Section, sections
from service.tables import plain, table

WIDTH = 100


@click.group(cls=LateGroup)
@config_option
def regimens() -> None:
    """List, show and check regimen files."""


@regimens.command("list")
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, as_json: bool) -> None:
    """List the regimens that the clinic has."""
    found = cli.catalogue.regimens()
    if as_json:
        write_json({"regimens": [regimen_json(regimen) for regimen in found]})
        return
    rows = [
        (each.id, each.version, each.name, each.label_date or ", ".join(each.jurisdictions), each.checked_by)
        for each in found
    ]
    write_text(table(("id", "version", "name", "label of", "checked by"), rows))


@regimens.command()
@click.argument("id_", metavar="ID")
@json_option
@config_option
@click.pass_obj
def show(cli: Cli, *, id_: str, as_json: bool) -> None:
    """Explain a regimen: a page of words with the source of each fact, and its first cycles."""
    entry = cli.catalogue.entry(id_)
    regimen = entry.regimen
    if as_json:
        write_json(regimen_json(regimen) | {"source": entry.source, "digest": regimen.digest, "text": entry.text})
        return
    head = f"{plain(regimen.name)} ({regimen.id}, version {plain(regimen.version)})"
    write_text("\n\n".join([head, *(_page_part(section) for section in sections(regimen)), _drawn(regimen)]))


@regimens.command()
@click.argument("files", nargs=-1, type=FILE)
@json_option
@config_option
@click.pass_obj
def check(cli: Cli, *, files: tuple[Path, ...], as_json: bool) -> int:
    """Check regimen FILES and draw their first cycles; without any check the clinic's own and those that come along."""
    results = [_check(path) for path in files] if files else [_check_catalogue(cli)]
    faults = [fault for _, found, _ in results for fault in found]
    if as_json:
        write_json({"ok": not faults, "files": [{"file": name, "faults": found} for name, found, _ in results]})
    else:
        for name, found, drawn in results:
            write_text(f"{name}: in order{drawn}") if not found else click.echo("\n".join(found), err=True)
    return int(bool(faults))


@regimens.command()
@config_option
def schema() -> None:
    """Print the JSON Schema of regimen files, with which editors check and complete while one types."""
    from service.regimen_schema import regimen_schema

    write_json(regimen_schema())


@regimens.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@config_option
@click.pass_obj
def document(cli: Cli, *, folder: Path) -> None:
    """Write into FOLDER a page in Markdown of each regimen, with its worked example, and a page that lists them."""
    from service.regimen_pages import pages

    for name, text in pages(cli.catalogue.regimens()).items():
        write_out(text.encode(), folder / name)


# ---------------------------------------------------------------------------------------------------------------------


def _check(path: Path) -> tuple[str, list[str], str]:
    """The file's name, its faults, and where it has none its first cycles."""
    try:
        regimen = parse_regimen(read_text(path, what="regimen file"), str(path))
    except FileRefused as refused:
        return str(path), [f"{refused.source}, {fault}" for fault in refused.faults], ""
    except InfusionsError as fault:
        return str(path), [str(fault)], ""
    return str(path), [], f"\n\n{grid(regimen)}\n"


def _check_catalogue(cli: Cli) -> tuple[str, list[str], str]:
    try:
        found = load_catalogue(cli.settings).regimens()
    except InfusionsError as fault:
        return "regimens", str(fault).splitlines(), ""
    return f"{len(found)} regimens", [], ""


def _page_part(section: Section) -> str:
    lines = [
        fill(plain(line), WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
        for line in section.lines
    ]
    return "\n".join([section.title, *lines])


def _drawn(regimen: Regimen) -> str:
    lines = "\n".join(f"  {line}".rstrip() for line in grid(regimen).splitlines())
    return f"The first cycles\n{lines}"
