"""What all commands share: settings and program on demand, output, common options, groups that import late."""

import json
import os
import sys
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scheduler.errors import InvalidValue
from service.cli_types import FILE
from service.clock import clock_from, today_in
from service.config import Settings, load_settings

if TYPE_CHECKING:
    from uuid import UUID

    from service.catalogue import Catalogue
    from service.wiring import App

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
OPERATOR = "cli"  # who acts when a command names nobody


class Cli:
    """What a command works with. Settings are read, and the database is opened, when a command first asks."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        zoneinfo.reset_tzpath(())  # the locked tzdata decides about zones, not the machine's own
        self.environ = environ
        self.config: Path | None = None

    def with_environment(self, more: Mapping[str, str]) -> "Cli":
        """The same with further settings from the environment."""
        other = Cli({**self.environ, **more})
        other.config = self.config
        return other

    @cached_property
    def settings(self) -> Settings:
        """The settings of config file and environment."""
        return load_settings(self.config, self.environ)

    @cached_property
    def catalogue(self) -> "Catalogue":
        """The clinic's regimens."""
        from service.catalogue import load_catalogue

        return load_catalogue(self.settings)

    def now(self) -> datetime:
        """The instant in UTC, or the one that stands for it."""
        _ = self.settings  # with production = true they refuse a clock that was made up
        return clock_from(self.environ)()

    def today(self, zone: str) -> date:
        """The civil date in `zone`."""
        return today_in(zone, self.now())

    @cached_property
    def app(self) -> "App":
        """The program on its database; DatabaseUnavailable unless that has this program's schema."""
        from db.engine import check_schema
        from service.audit import come_from
        from service.wiring import build_app

        app = build_app(self.settings, self.environ)
        click.get_current_context().find_root().call_on_close(app.engine.dispose)
        check_schema(app.engine)
        come_from("command line")
        return app

    @property
    def home(self) -> Settings:
        """The settings of the clinic that commands work for, with what its admin has set."""
        from service.audit import HOME_CLINIC

        return self.app.of(HOME_CLINIC).settings


class LateGroup(click.Group):
    """A group whose commands are imported when they are used: `modules` says where each stands."""

    def __init__(self, *args: Any, modules: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which they were given."""
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of that name."""
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.modules[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


def write_out(data: bytes, output: Path | None = None) -> None:
    """Writes to standard output, or into the file `output` as a whole or not at all."""
    if output is None or str(output) == "-":
        _write_to_stdout(data)
        return
    try:
        if output.exists() and not output.is_file():
            output.write_bytes(data)  # a pipe or a device can't be replaced
        else:
            _replace(output, data)
    except OSError as fault:
        raise InvalidValue(f"--output {output}: cannot be written ({fault.strerror})") from None


def give_up_stdout() -> None:
    """Sends what is left for standard output nowhere: Python flushes once more at its end and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_text(text: str, output: Path | None = None) -> None:
    """Writes the text as UTF-8, with a line end."""
    write_out((text.rstrip("\n") + "\n").encode("utf-8", "replace"), output)


def write_json(value: Mapping[str, object], output: Path | None = None) -> None:
    """Writes one JSON object."""
    write_text(json.dumps(value, ensure_ascii=False, indent=2), output)


def write_address(kind: str, id_: "UUID", address: str, *, as_json: bool) -> None:
    """Writes an address that is shown this once. `kind`: what it leads to, as the JSON names its id."""
    if as_json:
        write_json({kind: str(id_), "address": address})
    else:
        write_text(address)


def note_language(language: str) -> None:
    """Tells on standard error when no clinician has checked the words; InvalidValue for a language that there isn't."""
    from service.languages import SOURCE, label, wording_of

    if language == SOURCE:
        return
    from service.catalogue import load_wordings

    wording = wording_of(load_wordings(), language)
    if not wording.checked:
        click.echo(f"Language: {label(wording)}.", err=True)


def json_option(command: Decorated) -> Decorated:
    """Adds `--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")(command)


def acting_options(command: Decorated) -> Decorated:
    """Adds `--by` and `--request-id`."""
    by = click.option("--by", default=OPERATOR, metavar="USER", help="Who acts; without it the operator `cli`.")
    repeat = click.option("--request-id", metavar="ID", help="Makes a repeat of the same command harmless.")
    return by(repeat(command))


def config_option(command: Decorated) -> Decorated:
    """Adds `--config`, which every command takes."""

    def chosen(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None:
            ctx.find_root().obj.config = value

    return click.option(
        "--config", type=FILE, expose_value=False, callback=chosen, is_eager=True, help="The config file."
    )(command)


# ---------------------------------------------------------------------------------------------------------------------


def _write_to_stdout(data: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        give_up_stdout()
        raise InvalidValue(f"standard output: cannot be written ({fault.strerror}); use --output") from None


def _replace(output: Path, data: bytes) -> None:
    import tempfile

    target = output.resolve()  # a link stays, what it names is replaced
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
