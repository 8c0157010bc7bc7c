"""The README's commands are run, in order, in a folder of their own, and print what it says.

In what it prints, `…` stands for anything on a line, and a line of `…` alone for any number of lines.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import process_environ, start_process

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MARK = "=== the next command ==="


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the README and what it says that it prints."""

    command: str
    printed: tuple[str, ...]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def steps() -> Iterator[Step]:
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *printed = part.rstrip("\n").split("\n")
            while command.endswith("\\"):
                command = command.removesuffix("\\") + printed.pop(0)
            yield Step(command=command, printed=tuple(printed))


def pattern_of(printed: tuple[str, ...]) -> str:
    lines = [r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in printed]
    return "".join(lines)


def assert_printed(step: Step, out: str) -> None:
    # A table's trailing blanks don't show in the README.
    assert re.fullmatch(pattern_of(step.printed), out), f"$ {step.command}\nprints\n{out}and the README says otherwise"


def test_the_commands_print_what_the_readme_says(tmp_path: Path) -> None:
    wanted = [step for step in steps() if not step.command.startswith("make ")]
    assert len(wanted) > 10
    for text in blocks("toml"):
        if name := re.match(r"# (\S+\.toml)\n", text):
            (tmp_path / name[1]).write_text(text, encoding="utf-8")
    script = "".join(f"echo '{MARK}'\n{step.command}\n" for step in wanted)
    path = f"{write_infusions(tmp_path.parent)}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=process_environ(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2000:] + done.stderr
    for step, out in zip(wanted, done.stdout.split(MARK + "\n")[1:], strict=True):
        assert_printed(step, out)


def test_make_run_prints_what_the_readme_says(tmp_path: Path) -> None:
    (step,) = (step for step in steps() if step.command == "make run")
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nrun: ")[2].partition("\n\n")[0]
    assert "infusions migrate" in recipe
    assert "infusions serve --demo" in recipe
    migrate = start_process(tmp_path, "migrate")
    printed = migrate.communicate(timeout=60)[0].decode()
    process = start_process(tmp_path, "serve", "--demo", "--port", "0")
    assert process.stdout is not None
    for line in process.stdout:
        printed += line.decode()
        if line.startswith(b"Serving "):
            break
    process.terminate()
    process.communicate(timeout=60)
    expected = tuple(line.replace(":8000", ":…") for line in step.printed if not line.startswith("Installing"))
    assert_printed(Step(command=step.command, printed=expected), printed)


def test_the_readme_makes_the_promise_of_delivery_in_its_words() -> None:
    assert "claims are exclusive, delivery is at least once; a resent mail has the same Message-ID" in README


@pytest.mark.parametrize("name", ["plan", "regimens", "course", "feed", "reminders", "tick", "serve", "worker", "user"])
def test_every_command_stands_in_the_readme(name: str) -> None:
    assert f"infusions {name}" in README


def test_what_the_readme_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def write_infusions(folder: Path) -> Path:
    """A folder with the command `infusions`, as an installation would put it on the path."""
    program = folder / "bin" / "infusions"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from service.cli import main; main()" "$@"\n', "utf-8")
    program.chmod(0o755)
    return program.parent
