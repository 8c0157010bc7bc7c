"""Processes of their own that begin with the program loaded: forked from one that has it, in milliseconds.

A mail server or a service for a test costs a fresh interpreter its imports each time, a second of work. That a real
`infusions` starts from nothing is what the tests of the command line show.
"""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

LOADED = ["tests.smtp_server", "service.cli", "service.cli_serve", "web.app", "web.server"]

context = get_context("forkserver")
context.set_forkserver_preload(LOADED)


def forked(target: Callable[..., object], *args: Any, log: Path) -> ForkServerProcess:
    """A started process that calls `target` with `args`; what it prints on either stream goes to the file `log`."""
    process = context.Process(target=_logged, args=(log, target, args), daemon=True)
    process.start()
    return process


def serve(folder: Path, args: tuple[str, ...], environ: dict[str, str]) -> None:
    """In such a process: the command line with these arguments, in `folder`, with that environment and no other."""
    from service.cli import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    main(args)


# ---------------------------------------------------------------------------------------------------------------------


def _logged(log: Path, target: Callable[..., object], args: tuple[Any, ...]) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    target(*args)
