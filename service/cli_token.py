"""`infusions token`: the keys with which other programs ask over HTTP."""

from datetime import date
from typing import TYPE_CHECKING

import click

from service.cli_support import OPERATOR, Cli, LateGroup, config_option, json_option, write_json, write_text
from service.cli_types import DATE, number, word
from service.cli_user import ROLES
from service.tables import last_seen, table

if TYPE_CHECKING:
    from service.api_tokens import TokenLine

CLINIC = click.option("--clinic", type=number(), default=1, help="The clinic's number; default 1.")
BY = click.option("--by", default=OPERATOR, metavar="USER", help="Who acts; without it the operator `cli`.")


@click.group(cls=LateGroup)
@config_option
def token() -> None:
    """Make, list and revoke the tokens of programs that ask over HTTP."""


@token.command()
@click.argument("name")
@click.option("--user", metavar="USER", help="For whom it acts, with the role that they have.")
@click.option("--role", type=word(*ROLES), help="For a system: the role that it has under its own name.")
@click.option("--expires", type=DATE, help="The last day on which it lets in.")
@CLINIC
@BY
@json_option
@config_option
@click.pass_obj
def new(
    cli: Cli,
    *,
    name: str,
    user: str | None,
    role: str | None,
    expires: date | None,
    clinic: int,
    by: str,
    as_json: bool,
) -> None:
    """Make a token called NAME, for a user or with a role of its own; it is shown this once."""
    from service.api_tokens import new_api_token
    from service.users import Role

    if (user is None) is (role is None):
        raise click.UsageError("Name either --user, for whom it acts, or --role, what a system may do.")
    own = Role(role) if role else None
    made = new_api_token(cli.app, name, user=user, role=own, expires=expires, by=by, clinic_id=clinic)
    write_json({"name": name, "token": made}) if as_json else write_text(made)


@token.command("list")
@CLINIC
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, clinic: int, as_json: bool) -> None:
    """List the tokens; they themselves are not kept."""
    from service.api_tokens import list_api_tokens

    lines = list_api_tokens(cli.app, clinic_id=clinic)
    if as_json:
        write_json({"tokens": [_line_json(line) for line in lines]})
        return
    rows = [
        (line.name, line.user, line.role, line.state, _day(line), line.made_by, last_seen(line.last_used_at))
        for line in lines
    ]
    write_text(table(("token", "user", "role", "state", "expires", "made by", "last used"), rows))


@token.command()
@click.argument("name")
@CLINIC
@BY
@config_option
@click.pass_obj
def revoke(cli: Cli, *, name: str, clinic: int, by: str) -> None:
    """Revoke the token NAME: it lets nobody in any more."""
    from service.api_tokens import revoke_api_token

    revoke_api_token(cli.app, name, by=by, clinic_id=clinic)
    write_text(f"Token {name} is revoked.")


# ---------------------------------------------------------------------------------------------------------------------


def _day(line: "TokenLine") -> str:
    return f"{line.expires_at:%Y-%m-%d %H:%M} UTC" if line.expires_at else "never"


def _line_json(line: "TokenLine") -> dict[str, object]:
    return {
        "name": line.name,
        "user": line.user,
        "role": str(line.role),
        "state": str(line.state),
        "made_at": line.made_at.isoformat(),
        "made_by": line.made_by,
        "expires_at": line.expires_at.isoformat() if line.expires_at else None,
        "revoked_at": line.revoked_at.isoformat() if line.revoked_at else None,
        "last_used_at": line.last_used_at.isoformat() if line.last_used_at else None,
    }
