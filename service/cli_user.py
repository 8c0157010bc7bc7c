"""`infusions user`: who may sign in."""

import getpass
import sys

import click

from scheduler.errors import InvalidValue
from service.cli_support import OPERATOR, Cli, LateGroup, config_option, write_text
from service.cli_types import number, word

ROLES = ("nurse", "prescriber", "clinic-admin", "auditor")


@click.group(cls=LateGroup)
@config_option
def user() -> None:
    """Add and disable users, set passwords.

    Passwords are asked for, or read from standard input when that is no terminal.
    """


@user.command()
@click.argument("name")
@click.option("--role", type=word(*ROLES), required=True)
@click.option("--clinic", type=number(), default=1, help="The clinic's number; default 1.")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def add(cli: Cli, *, name: str, role: str, clinic: int, by: str) -> None:
    """Add the user NAME; asks for a password."""
    app = cli.app  # a database that can't be used is told before a password is asked for
    from service.users import Role, add_user

    add_user(app, name, Role(role), ask_password(), clinic_id=clinic, by=by)
    write_text(f"User {name} can sign in as {role}.")


@user.command()
@click.argument("name")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def disable(cli: Cli, *, name: str, by: str) -> None:
    """Disable the user NAME; what they recorded stays."""
    from service.users import disable_user

    disable_user(cli.app, name, by=by)
    write_text(f"User {name} can no longer sign in.")


@user.command()
@click.argument("name")
@click.option("--by", default=OPERATOR, metavar="USER")
@config_option
@click.pass_obj
def password(cli: Cli, *, name: str, by: str) -> None:
    """Set a new password for the user NAME."""
    app = cli.app
    from service.users import set_password

    set_password(app, name, ask_password(), by=by)
    write_text(f"User {name} has a new password.")


def ask_password() -> str:
    """The password typed twice at a terminal, or the first line of standard input; InvalidValue when they differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise InvalidValue("password: the two are not the same; try again", field="password")
    return first
