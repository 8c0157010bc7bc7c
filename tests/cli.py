"""How tests run the command line: in this process, or as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.cli import run

NOW = "2026-12-01T15:00:00Z"
REGIMEN = "inotuzumab-ozogamicin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command gave."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one object on standard output."""
        return json.loads(self.out)


class Infusions:
    """The command line in a folder of its own, with the clock at NOW."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = dict(environ)
        self._capsys = capsys

    def __call__(self, *args: str, **environ: str) -> Answer:
        """Runs one command in this process."""
        self._capsys.readouterr()
        code = run(args, {**self.environ, **environ})
        out, err = self._capsys.readouterr()
        return Answer(code=code, out=out, err=err)

    def done(self, *args: str, **environ: str) -> Answer:
        """Runs a command that must succeed."""
        answer = self(*args, **environ)
        assert answer.code == 0, answer
        return answer

    def refused(self, *args: str, **environ: str) -> str:
        """Runs a command that must be refused with one sentence and nothing else; gives the sentence."""
        answer = self(*args, **environ)
        assert (answer.code, answer.out) == (1, ""), answer
        assert answer.err.count("\n") == 1, answer.err
        return answer.err.rstrip("\n")

    def migrated(self) -> "Infusions":
        """The same with a database."""
        self.done("migrate")
        return self

    def course(self, *args: str) -> str:
        """Starts a course on 7 December 2026; gives its id."""
        return self.done(
            "course", "new", REGIMEN, "--patient", "Bob Example", "--day1", "2026-12-07", *args
        ).out.strip()


def start_process(folder: Path, *args: str, **environ: str) -> subprocess.Popen[bytes]:
    """Starts the command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from service.cli import main; main()", *args],
        cwd=folder,
        env=process_environ(**environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_process(folder: Path, *args: str, **environ: str) -> Answer:
    """Runs the command as a process of its own to its end."""
    out, err = (process := start_process(folder, *args, **environ)).communicate(timeout=60)
    return Answer(code=process.returncode, out=out.decode(), err=err.decode())


def process_environ(**environ: str) -> dict[str, str]:
    """The environment of such a process: the checkout on its path, and no settings but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INFUSIONS_")}
    return {**inherited, "PYTHONPATH": str(Path(__file__).parents[1]), "INFUSIONS_NOW": NOW, **environ}
