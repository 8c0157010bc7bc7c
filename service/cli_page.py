"""`infusions page`: links to the patient's own page."""

from typing import TYPE_CHECKING
from uuid import UUID

import click

from service.as_json import page_json, page_state
from service.cli_support import (
    OPERATOR,
    Cli,
    LateGroup,
    config_option,
    json_option,
    note_language,
    write_address,
    write_json,
    write_text,
)
from service.cli_types import ID, word
from service.tables import last_seen, table

if TYPE_CHECKING:
    pass


@click.group(cls=LateGroup)
@config_option
def page() -> None:
    """Make, list, revoke and replace links to the patient's page."""


@page.command()
@click.argument("course", type=ID)
@click.option("--name", required=True, metavar="TEXT", help='Which device: "phone". It stands in the audit.')
@click.option("--detail", type=word("discreet", "full"), default="discreet", help="Default: discreet.")
@click.option("--language", metavar="CODE", help="Of the page's words. Default: the patient's.")
@click.option("--by", default=OPERATOR, metavar="USER")
@json_option
@config_option
@click.pass_obj
def new(cli: Cli, *, course: UUID, name: str, detail: str, language: str | None, by: str, as_json: bool) -> None:
    """Make a link to the page of COURSE's patient; its address is shown this once."""
    from calendars.kinds import Detail
    from service.page_links import new_link
    from service.queries import load_course

    language = language or load_course(cli.app, course).language
    made = new_link(cli.app, course, name=name, detail=Detail(detail), language=language, by=by)
    note_language(language)
    write_address("page", made.id, made.address, as_json=as_json)


@page.command("list")
@click.argument("course", type=ID)
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, course: UUID, as_json: bool) -> None:
    """List the links to the page of COURSE's patient; their addresses are not kept."""
    from service.page_links import list_links

    lines = list_links(cli.app, course)
    if as_json:
        write_json({"course": str(course), "pages": [page_json(line) for line in lines]})
        return
    from service.languages import cell

    words = cli.app.wordings
    rows = [
        (line.id, line.name, line.detail, cell(words, line.language), page_state(line), last_seen(line.last_seen_at))
        for line in lines
    ]
    write_text(table(("page", "name", "detail", "language", "state", "last seen"), rows))


@page.command()
@click.argument("page_id", metavar="PAGE", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def revoke(cli: Cli, *, page_id: UUID, by: str) -> None:
    """Revoke PAGE: its address tells nothing any more."""
    from service.page_links import revoke_link

    revoke_link(cli.app, page_id, by=by)
    write_text(f"Page {page_id} is revoked.")


@page.command()
@click.argument("page_id", metavar="PAGE", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@json_option
@config_option
@click.pass_obj
def replace(cli: Cli, *, page_id: UUID, by: str, as_json: bool) -> None:
    """Replace the address of PAGE; the new one is shown this once, the old one is revoked."""
    from service.page_links import replace_link

    made = replace_link(cli.app, page_id, by=by)
    write_address("page", made.id, made.address, as_json=as_json)
