"""The build keeps its promises: what may import what, what the locks pin, and what the wheel carries."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGES = ("scheduler", "calendars", "db", "reminders", "service", "web")
LOCKS = ("requirements.lock", "requirements-dev.lock")

# What pure code may not touch: files, clocks, sockets, chance, the environment, logs, databases.
IMPURE_MODULES = {
    *(
        "asyncio",
        "concurrent",
        "ctypes",
        "email.utils",
        "fcntl",
        "fileinput",
        "ftplib",
        "getpass",
        "glob",
        "http",
    ),
    *(
        "imaplib",
        "importlib",
        "locale",
        "logging",
        "mmap",
        "multiprocessing",
        "os",
        "pathlib",
        "pickle",
        "platform",
    ),
    *("poplib", "random", "sched", "secrets", "select", "selectors", "shelve", "shutil", "signal", "smtplib"),
    *("socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time"),
    *("urllib.request", "webbrowser"),
    *("alembic", "apscheduler", "fastapi", "psycopg", "sqlalchemy", "sqlmodel", "starlette", "uvicorn"),
}
IMPURE_NAMES = {"io.FileIO", "io.open", "io.open_code", "uuid.getnode", "uuid.uuid1", "uuid.uuid4"}
IMPURE_CALLS = {"__import__", "breakpoint", "eval", "exec", "input", "open", "print"}


def pure_files(root: Path) -> list[Path]:
    folders = [path for name in ("scheduler", "calendars") for path in (root / name).rglob("*.py")]
    return sorted([*folders, root / "reminders" / "policy.py", root / "reminders" / "message.py"])


def impurities(path: Path) -> list[str]:
    """Says, line by line, what a pure file touches that it may not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [f"{path.name}:{line}: {name}" for line, name in touched(tree) if is_impure(name)]


def is_impure(name: str) -> bool:
    parts = name.split(".")
    reached = {".".join(parts[: end + 1]) for end in range(len(parts))}
    return bool(reached & IMPURE_MODULES) or name in IMPURE_NAMES | {f"{call}()" for call in IMPURE_CALLS}


def touched(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each imported name, each name of an imported module that is used, and each call, with its line."""
    imported = {name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in bound(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in names)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in imported:
                yield node.lineno, f"{module}.{name}"
            case ast.Call(func=ast.Name(id=name)):
                yield node.lineno, f"{name}()"
            case _:
                pass


def bound(statement: ast.Import) -> set[str]:
    return {alias.asname or alias.name for alias in statement.names}


# -- What may import what ----------------------------------------------------------------------------------------


def test_pure_code_touches_no_file_clock_socket_chance_environment_log_or_database() -> None:
    assert [fault for path in pure_files(ROOT) if path.exists() for fault in impurities(path)] == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("import os", "os"),
        ("import os.path", "os.path"),
        ("from pathlib import Path", "pathlib.Path"),
        ("from urllib import request", "urllib.request"),
        ("import random as chance", "random"),
        ("from uuid import uuid4", "uuid.uuid4"),
        ("import uuid; uuid.uuid1()", "uuid.uuid1"),
        ("text = open('x')", "open()"),
        ("import sqlite3", "sqlite3"),
        ("import logging", "logging"),
    ],
)
def test_an_impure_line_is_named(tmp_path: Path, line: str, named: str) -> None:
    path = tmp_path / "pure.py"
    path.write_text(f"{line}\n")
    assert impurities(path) == [f"pure.py:1: {named}"]


@pytest.mark.parametrize("line", ["from uuid import uuid5", "from io import BytesIO", "from zoneinfo import ZoneInfo"])
def test_what_only_computes_is_allowed(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pure.py"
    path.write_text(f"{line}\n")
    assert impurities(path) == []


def test_the_message_and_policy_of_reminders_know_no_database() -> None:
    pure = [ROOT / "reminders" / name for name in ("policy.py", "message.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in pure if path.exists()]
    names = [name for tree in trees for _, name in touched(tree)]
    assert [name for name in names if name.split(".")[0] in {"db", "service", "web"}] == []


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code that a test may spoil."""
    copy = tmp_path_factory.mktemp("copy") / "tree"
    copy.mkdir()
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(
    ("planted", "line", "tool", "complaint"),
    [
        ("scheduler/planted.py", "import calendars", "lint-imports", "scheduler.planted -> calendars"),
        ("calendars/planted.py", "import db", "lint-imports", "calendars.planted -> db"),
        ("scheduler/planted.py", "import os", "lint-imports", "scheduler.planted -> os"),
        ("calendars/planted.py", "import pathlib", "lint-imports", "calendars.planted -> pathlib"),
        ("db/planted.py", "import reminders", "lint-imports", "db.planted -> reminders"),
        ("reminders/planted.py", "import service", "lint-imports", "reminders.planted -> service"),
        ("service/planted.py", "import web", "lint-imports", "service.planted -> web"),
        ("service/planted.py", "import sqlmodel", "lint-imports", "service.planted -> sqlmodel"),
        ("service/planted.py", "import fastapi", "lint-imports", "service.planted -> fastapi"),
        ("db/planted.py", "import icalendar", "lint-imports", "db.planted -> icalendar"),
        ("web/planted.py", "import click", "lint-imports", "web.planted -> click"),
        ("web/planted.py", "import smtplib", "lint-imports", "web.planted -> smtplib"),
        (
            "web/planted.py",
            "from datetime import datetime\n\nx = datetime.now()",
            "ruff check --no-cache .",
            "TID251",
        ),
        ("db/planted.py", "import random", "ruff check --no-cache .", "TID251"),
    ],
)
def test_a_planted_breach_fails_the_check(copied: Path, planted: str, line: str, tool: str, complaint: str) -> None:
    path = copied / planted
    path.write_text(f"{line}\n")
    try:
        ran = run([*in_venv(tool), *(["--no-cache"] if tool == "lint-imports" else [])], copied)
    finally:
        path.unlink()
    assert ran.returncode == 1
    assert complaint in ran.stdout


def test_make_check_runs_each_of_the_tools() -> None:
    said = run(["make", "--dry-run", "check"], ROOT).stdout
    assert [
        tool for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports") if f'"{tool}' not in said
    ] == []


# -- What the locks pin ------------------------------------------------------------------------------------------


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_path_and_hashes_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert [mark for mark in ("://", "index-url", "find-links", "file:", " @ ", str(ROOT)) if mark in text] == []
    packages = re.split(r"\n(?=[a-z])", text)[1:]
    assert [package for package in packages if "--hash=sha256:" not in package] == []
    assert len(packages) == len(pins(lock))


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked = {
        "requirements.lock": [*project["project"]["dependencies"], *groups["build"]],
        "requirements-dev.lock": groups["test"],
    }
    wanted = [(lock, Requirement(text)) for lock, texts in asked.items() for text in texts]
    stale = [str(want) for lock, want in wanted if not want.specifier.contains(pins(lock).get(want.name, "0"))]
    assert stale == [], "run `make lock`"


def test_the_tests_run_with_the_versions_that_the_service_runs_with() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


# -- What the wheel carries --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)],
        folder,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh venv that has the wheel, and sees the dependencies but not the checkout."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    # A folder that a .pth names is searched, but its own .pth files (the editable checkout) are not read.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = str(folder / "bin" / "python")
    ran = run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--no-index",
            "--no-deps",
            "--ignore-installed",
            str(wheel),
        ],
        folder,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "bin"


def test_the_wheel_carries_every_file_of_the_six_packages(wheel: Path) -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    wanted = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert wanted - set(ZipFile(wheel).namelist()) == set()


def test_the_installed_package_is_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    ran = run([str(installed / "python"), "-c", "import calendars; print(calendars.__file__)"], tmp_path)
    assert Path(ran.stdout.strip()).is_relative_to(installed.parent)


def test_the_installed_command_lists_the_regimens(installed: Path, tmp_path: Path) -> None:
    ran = run([str(installed / "infusions"), "regimens", "list"], tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "inotuzumab-ozogamicin" in ran.stdout


def test_the_installed_command_plans_a_course_without_a_database(installed: Path, tmp_path: Path) -> None:
    command = "plan inotuzumab-ozogamicin --day1 2026-12-07 --today 2026-12-01 --format json"
    ran = run([str(installed / "infusions"), *command.split()], tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["cycles"][0]["day1"] == "2026-12-07"
    assert list(tmp_path.iterdir()) == []


def test_the_installed_command_makes_its_database_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    ran = run([str(installed / "infusions"), "migrate"], tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "data" / "infusions.db").is_file()


# ---------------------------------------------------------------------------------------------------------------


def in_venv(tool: str) -> list[str]:
    """The command line of a tool that was installed beside the interpreter."""
    name, *arguments = tool.split()
    return [str(Path(sysconfig.get_path("scripts")) / name), *arguments]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command as a person would in that folder: none of our settings, no PYTHONPATH."""
    ours = ("INFUSIONS_", "PYTHON", "COV_", "COVERAGE_", "MAKE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
