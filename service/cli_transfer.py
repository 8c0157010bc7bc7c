"""`infusions course import` and `export`: many courses in from a table, all courses out."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from scheduler.errors import InvalidValue
from service.cli_support import OPERATOR, Cli, config_option, json_option, write_json, write_out, write_text
from service.cli_types import FILE, word

if TYPE_CHECKING:
    from service.csv_text import CsvRow
    from service.importing import CheckedRow

T = TypeVar("T")


@click.command("import")
@click.argument("file", required=False, type=FILE)
@click.option("--preview", is_flag=True, help="Only say what would become of each row; store nothing.")
@click.option("--skip-refused", is_flag=True, help="Store the good rows although others are refused.")
@click.option("--template", "as_template", is_flag=True, help="Print an empty table with one example.")
@click.option("--columns", is_flag=True, help="Print the page that explains the columns.")
@click.option("--output", type=FILE, help="With --template or --columns: a file instead of standard output.")
@click.option("--by", default=OPERATOR, metavar="USER", help="Who acts; without it the operator `cli`.")
@json_option
@config_option
@click.pass_obj
def import_(
    cli: Cli,
    *,
    file: Path | None,
    preview: bool,
    skip_refused: bool,
    as_template: bool,
    columns: bool,
    output: Path | None,
    by: str,
    as_json: bool,
) -> None:
    """Start the courses of FILE, a CSV table with a row for each: all of them, or none if a row is refused.

    The same file again starts nothing twice.
    """
    if as_template or columns:
        _print_help(output, as_template=as_template)
        return
    if file is None:
        raise click.UsageError("Name a FILE, or ask for --template or --columns.")
    from service.importing import check_file, refused_rows

    rows = _rows(file)
    checked = list(_with_bar(check_file(cli.app, rows), len(rows), "Checking"))
    refused = [row for row in checked if row.faults]
    if refused and not (preview or skip_refused):
        if as_json:
            write_json(_report(checked, frozenset()))
        raise refused_rows(str(file), refused)
    stored = frozenset() if preview else frozenset(_store(cli, checked, by=by))
    if as_json:
        write_json(_report(checked, stored))
    else:
        write_text("\n".join(_told(checked, stored, preview=preview)))


@click.command()
@click.option("--format", "kind", type=word("csv", "json"), default="csv", help="Default: csv.")
@click.option("--output", type=FILE, help="A file instead of standard output; replaced as a whole.")
@click.option("--by", default=OPERATOR, metavar="USER", help="Who sees them; without it the operator `cli`.")
@json_option
@config_option
@click.pass_obj
def export(cli: Cli, *, kind: str, output: Path | None, by: str, as_json: bool) -> None:
    """Give out all courses as a table that `import` reads, or as JSON with who recorded what. It names patients."""
    from service.exporting import export_courses

    parts = export_courses(cli.app, "json" if as_json else kind, by=by)
    if output is not None:
        write_out(b"".join(parts), output)
        return
    for part in parts:
        write_out(part)


# ---------------------------------------------------------------------------------------------------------------------


def _print_help(output: Path | None, *, as_template: bool) -> None:
    from service.course_columns import columns_page, template
    from service.csv_text import MAX_BYTES, MAX_ROWS

    write_text(template() if as_template else columns_page(MAX_ROWS, MAX_BYTES), output)


def _rows(file: Path) -> "Sequence[CsvRow]":
    from service.csv_text import MAX_BYTES
    from service.importing import rows_of_file

    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        return rows_of_file(data)
    except FileNotFoundError:
        raise InvalidValue(f"{file}: there is no such file; check the name") from None
    except OSError as fault:
        raise InvalidValue(f"{file}: cannot be read ({fault.strerror})") from None
    except InvalidValue as fault:
        raise InvalidValue(f"{file}: {fault}") from None


def _store(cli: Cli, checked: "Sequence[CheckedRow]", *, by: str) -> "Iterator[int]":
    """Stores the good rows and gives the numbers of those that were."""
    from service.importing import store_row

    good = [row for row in checked if row.new is not None]
    for row in _with_bar(good, len(good), "Storing"):
        if row.new is not None and store_row(cli.app, row.new, by=by) is not None:
            yield row.number


def _report(checked: "Sequence[CheckedRow]", stored: frozenset[int]) -> dict[str, object]:
    return {
        "rows": [
            {
                "row": row.number,
                "state": "stored" if row.number in stored else str(row.state),
                "course": str(row.course_id) if row.course_id else None,
                "faults": [{"column": fault.column or None, "message": fault.message} for fault in row.faults],
            }
            for row in checked
        ],
        "stored": len(stored),
    }


def _told(checked: "Sequence[CheckedRow]", stored: frozenset[int], *, preview: bool) -> "Iterator[str]":
    from service.importing import RowState, counts_of, place_of

    for row in checked:
        for fault in row.faults:
            yield f"{place_of(row.number, fault.column)}: {fault.message}"
        if preview and row.new is not None and row.plan is not None:
            first, last = row.plan.cycles[0].day1, row.plan.cycles[-1].last_day
            so_far = f", {len(row.new.actions)} recorded so far" if row.new.actions else ""
            span = f"{first} to {last}, {len(row.plan.cycles)} cycles{so_far}"
            yield f"row {row.number}: {row.new.patient}, {row.plan.regimen.name}, {span}"
    counts = counts_of(checked)
    rest = f"{counts[RowState.THERE]} there already, {counts[RowState.REFUSED]} refused"
    if preview:
        yield f"Nothing is stored. {counts[RowState.GOOD]} courses would start, {rest}."
    else:
        yield f"{len(stored)} courses started, {rest}."


def _with_bar(items: Iterable[T], length: int, label: str) -> Iterator[T]:
    """The items, with a progress bar on standard error where somebody looks at it."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
        yield from bar
