"""The command `infusions`: finds the command, runs it, and tells a fault as one sentence with its exit code."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from scheduler.errors import InfusionsError
from service.cli_support import Cli, LateGroup, config_option, give_up_stdout

REFUSED = 1
WRONG_USAGE = 2
INTERRUPTED = 130  # what shells report of a command that Ctrl-C ended

COMMANDS = {
    "plan": "service.cli_plan:plan",
    "regimens": "service.cli_regimens:regimens",
    "course": "service.cli_course:course",
    "feed": "service.cli_feed:feed",
    "print": "service.cli_print:print_",
    "page": "service.cli_page:page",
    "reminders": "service.cli_reminders:reminders",
    "tick": "service.cli_reminders:tick",
    "serve": "service.cli_serve:serve",
    "worker": "service.cli_serve:worker",
    "bounce": "service.cli_sending:bounce",
    "bounces": "service.cli_sending:bounce",
    "worklist": "service.cli_worklist:worklist",
    "user": "service.cli_user:user",
    "token": "service.cli_token:token",
    "clinic": "service.cli_clinic:clinic",
    "migrate": "service.cli_admin:migrate",
    "backup": "service.cli_admin:backup",
    "restore": "service.cli_admin:restore",
    "doctor": "service.cli_admin:doctor",
    "audit": "service.cli_audit:audit",
}


@click.group(cls=LateGroup, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@config_option
@click.version_option(package_name="infusion-cycles", prog_name="infusions")
def infusions() -> None:
    """Plans, shows and announces the dates of infusion treatments that run in cycles.

    A planning aid: the treating team decides.
    """


def main(args: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> None:
    """Runs one command and ends the process: 0 done, 1 refused or failed, 2 wrong usage."""
    sys.exit(run(sys.argv[1:] if args is None else args, os.environ if environ is None else environ))


def run(args: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs one command; gives its exit code. A fault is told on standard error."""
    try:
        done = infusions.main(list(args), prog_name="infusions", standalone_mode=False, obj=Cli(environ))
        sys.stdout.flush()
    except InfusionsError as fault:
        return _told(str(fault))
    except click.MissingParameter as fault:
        fault.show()
        return WRONG_USAGE
    except click.BadParameter as fault:
        return _told(fault.format_message())
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        give_up_stdout()
        return REFUSED
    except Exception as fault:  # noqa: BLE001 - a traceback may show a patient's name; the place is enough to report
        return _told(_unforeseen(fault))
    return done if isinstance(done, int) else 0


# ---------------------------------------------------------------------------------------------------------------------


def _told(sentence: str) -> int:
    click.echo(sentence, err=True)
    return REFUSED


def _unforeseen(fault: Exception) -> str:
    from traceback import extract_tb

    frame = extract_tb(fault.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"This is a fault of the program itself ({type(fault).__name__} in {place}); please report it."
