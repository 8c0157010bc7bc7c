"""docs/adding-a-regimen.md takes a pharmacist from an empty file to a checked one: its steps are run as they stand."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.cli import NOW, Infusions

PAGE = (Path(__file__).parents[1] / "docs" / "adding-a-regimen.md").read_text(encoding="utf-8")
FILE = "regimens/examplimab.toml"


class Reader:
    """Somebody who does what the page says, in a folder of their own."""

    def __init__(self, infusions: Infusions) -> None:
        self.infusions = infusions
        self.commands = 0
        (infusions.folder / "regimens").mkdir()
        (infusions.folder / FILE).touch()

    def write(self, block: str) -> None:
        """Adds a block of TOML to the file that it names, or to the regimen."""
        named = re.match(r"# (\S+\.toml)\n", block)
        with (self.infusions.folder / (named[1] if named else FILE)).open("a", encoding="utf-8") as file:
            file.write(block + "\n")

    def run(self, block: str) -> None:
        """Runs the commands of a block; they print what the page says."""
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, printed = step.split("\n", 1)
            words, _, target = command.partition(" > ")
            _, *args = shlex.split(words)
            answer = self.infusions(*args)
            if target:
                (self.infusions.folder / target).write_text(answer.out, encoding="utf-8")
            else:
                assert re.fullmatch(_pattern(printed), answer.out + answer.err), (command, answer)
            self.commands += 1

    def mend(self, old: str, new: str) -> None:
        """Changes one place of the regimen."""
        path = self.infusions.folder / FILE
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_steps_of_the_page_lead_from_an_empty_file_to_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}))
    parts = re.findall(r"^```(toml|console)\n(.*?)^```$|Change `([^`]+)` to `([^`]+)`", PAGE, re.MULTILINE | re.DOTALL)
    for kind, block, old, new in parts:
        if kind == "toml":
            reader.write(block)
        elif kind == "console":
            reader.run(block)
        else:
            reader.mend(old, new)
    assert reader.commands == 6
    assert json.loads((tmp_path / "regimen.schema.json").read_text(encoding="utf-8"))["type"] == "object"
    plan = reader.infusions.done("plan", "examplimab", "--day1", "2026-12-07", "--json").json()
    assert [dose["date"] for dose in plan["cycles"][1]["doses"]] == ["2026-12-28", "2027-01-04"]


def _pattern(printed: str) -> str:
    """What is printed; a line of … stands for any number of lines."""
    lines = printed.rstrip("\n").split("\n")
    return "".join(r"(?:.*\n)*?" if line.strip() == "…" else rf"{re.escape(line)} *\n" for line in lines) + r"\n*"
