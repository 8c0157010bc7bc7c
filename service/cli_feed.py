"""`infusions feed`: addresses that calendar programs subscribe to."""

from datetime import date, timedelta
from uuid import UUID

import click

from service.as_json import feed_json
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
from service.cli_types import DATE, ID, LEAD, word
from service.tables import last_seen, table


@click.group(cls=LateGroup, modules={"check": "service.cli_feed_check:check"})
@config_option
def feed() -> None:
    """Make, list, revoke, replace and check calendar feeds."""


@feed.command()
@click.argument("course", type=ID)
@click.option("--name", required=True, metavar="TEXT", help='Which device or person: "my phone".')
@click.option("--for", "reader", type=word("patient", "carer"), default="patient", help="Default: patient.")
@click.option("--detail", type=word("discreet", "busy", "full"), default="discreet", help="Default: discreet.")
@click.option("--language", default="en", metavar="CODE", help="Of the calendar's words.")
@click.option("--alarm", "alarms", type=LEAD, multiple=True, help="So long before each visit; may be repeated.")
@click.option("--expires", type=DATE, help="The last day on which the address works.")
@click.option("--by", default=OPERATOR, metavar="USER")
@json_option
@config_option
@click.pass_obj
def new(
    cli: Cli,
    *,
    course: UUID,
    name: str,
    reader: str,
    detail: str,
    language: str,
    alarms: tuple[timedelta, ...],
    expires: date | None,
    by: str,
    as_json: bool,
) -> None:
    """Make a feed of COURSE; its address is shown this once."""
    from calendars.kinds import Detail, Reader
    from service.feeds import new_feed

    made = new_feed(
        cli.app,
        course,
        name=name,
        reader=Reader(reader),
        detail=Detail(detail),
        language=language,
        alarms=alarms,
        expires=expires,
        by=by,
    )
    note_language(language)
    write_address("feed", made.id, made.address, as_json=as_json)


@feed.command("list")
@click.argument("course", type=ID)
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, course: UUID, as_json: bool) -> None:
    """List the feeds of COURSE; their addresses are not kept."""
    from service.feeds import list_feeds

    lines = list_feeds(cli.app, course)
    if as_json:
        write_json({"course": str(course), "feeds": [feed_json(line) for line in lines]})
        return
    from service.languages import cell

    words = cli.app.wordings
    rows = [
        (
            line.id,
            line.name,
            line.reader,
            line.detail,
            cell(words, line.language),
            line.state,
            last_seen(line.last_fetched_at),
        )
        for line in lines
    ]
    write_text(table(("feed", "name", "for", "detail", "language", "state", "last fetched"), rows))


@feed.command()
@click.argument("feed_id", metavar="FEED", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def revoke(cli: Cli, *, feed_id: UUID, by: str) -> None:
    """Revoke FEED: its address shows an empty calendar for a while, then nothing."""
    from service.feeds import revoke_feed

    revoke_feed(cli.app, feed_id, by=by)
    write_text(f"Feed {feed_id} is revoked.")


@feed.command()
@click.argument("feed_id", metavar="FEED", type=ID)
@click.option("--by", default=OPERATOR, metavar="USER")
@json_option
@config_option
@click.pass_obj
def replace(cli: Cli, *, feed_id: UUID, by: str, as_json: bool) -> None:
    """Replace the address of FEED; the new one is shown this once, the old one is revoked."""
    from service.feeds import replace_feed

    made = replace_feed(cli.app, feed_id, by=by)
    write_address("feed", made.id, made.address, as_json=as_json)
