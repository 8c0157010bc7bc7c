"""`infusions regimens`: what the clinic can plan, and whether a regimen file is sound."""

from collections.abc import Iterator
from pathlib import Path

import click

from scheduler import parse_regimen
from scheduler.errors import FileRefused, InfusionsError
from scheduler.regimen import Agent, CycleTemplate, Regimen, Statement, TaskRule, WindowRule
from service.catalogue import load_catalogue, read_text
from service.cli_support import Cli, LateGroup, config_option, json_option, write_json, write_text
from service.cli_types import FILE
from service.tables import pairs, table


@click.group(cls=LateGroup)
@config_option
def regimens() -> None:
    """List, show and check regimen files."""


@regimens.command("list")
@json_option
@config_option
@click.pass_obj
def list_(cli: Cli, *, as_json: bool) -> None:
    """List the regimens that the clinic has."""
    found = cli.catalogue.regimens()
    if as_json:
        write_json({"regimens": [_short(regimen) for regimen in found]})
        return
    rows = [(each.id, each.version, each.name, each.label_date, each.checked_by or "nobody yet") for each in found]
    write_text(table(("id", "version", "name", "label of", "checked by"), rows))


@regimens.command()
@click.argument("id_", metavar="ID")
@json_option
@config_option
@click.pass_obj
def show(cli: Cli, *, id_: str, as_json: bool) -> None:
    """Show a regimen's rules with their sources."""
    entry = cli.catalogue.entry(id_)
    if as_json:
        write_json(_short(entry.regimen) | {"source": entry.source, "digest": entry.regimen.digest, "text": entry.text})
        return
    write_text("\n\n".join(_parts(entry.regimen)))


@regimens.command()
@click.argument("files", nargs=-1, type=FILE)
@json_option
@config_option
@click.pass_obj
def check(cli: Cli, *, files: tuple[Path, ...], as_json: bool) -> int:
    """Check regimen FILES, or without any the clinic's own and those that come along."""
    results = [_check(path) for path in files] if files else [_check_catalogue(cli)]
    faults = [fault for _, found in results for fault in found]
    if as_json:
        write_json({"ok": not faults, "files": [{"file": name, "faults": found} for name, found in results]})
    else:
        for name, found in results:
            write_text(f"{name}: in order") if not found else click.echo("\n".join(found), err=True)
    return int(bool(faults))


# ---------------------------------------------------------------------------------------------------------------------


def _check(path: Path) -> tuple[str, list[str]]:
    try:
        parse_regimen(read_text(path, what="regimen file"), str(path))
    except FileRefused as refused:
        return str(path), [f"{refused.source}, {fault}" for fault in refused.faults]
    except InfusionsError as fault:
        return str(path), [str(fault)]
    return str(path), []


def _check_catalogue(cli: Cli) -> tuple[str, list[str]]:
    try:
        found = load_catalogue(cli.settings).regimens()
    except InfusionsError as fault:
        return "regimens", str(fault).splitlines()
    return f"regimens ({', '.join(regimen.id for regimen in found)})", []


def _short(regimen: Regimen) -> dict[str, object]:
    return {
        "id": regimen.id,
        "version": regimen.version,
        "name": regimen.name,
        "agents": [agent.name for agent in regimen.ranked],
        "jurisdictions": list(regimen.jurisdictions),
        "label_date": regimen.label_date.isoformat() if regimen.label_date else None,
        "checked_by": regimen.checked_by,
    }


def _parts(regimen: Regimen) -> list[str]:
    counts = "; ".join(
        f"{name}: {count.default}, {'open-ended' if count.maximum is None else f'at most {count.maximum}'}"
        for name, count in regimen.counts.items()
    )
    head = pairs(
        [
            ("regimen", f"{regimen.name} ({regimen.id}, version {regimen.version})"),
            ("label", f"{', '.join(regimen.jurisdictions)}, {regimen.label_date or 'no date'}"),
            ("checked by", regimen.checked_by or "nobody yet"),
            ("cycles", f"{counts} [{regimen.counts_cite}]"),
            *(row for agent in regimen.ranked for row in _agent(agent)),
        ]
    )
    cycles = table(
        ("cycles", "length", "allowed", "dose days", "source"),
        [
            (each.count or "all later", each.length, f"{each.shortest}-{each.longest}", _days(each), each.cite)
            for each in regimen.templates
        ],
    )
    windows = table(("window", "audience", "after", "lasts", "source"), [_window(each) for each in regimen.windows])
    tasks = table(("check", "when", "for", "source"), [_task(each) for each in regimen.tasks])
    return [head, cycles, windows, tasks]


def _agent(agent: Agent) -> Iterator[tuple[str, str]]:
    yield "agent", agent.name
    if agent.gap is not None:
        yield "gap", f"at least {agent.gap.text} between doses [{agent.gap.cite}]"
    if agent.times.infusion_minutes:
        yield "infusion", f"{_minutes(agent.times.infusion_minutes)} minutes [{agent.times.cite}]"
    if agent.times.observation_minutes:
        yield "observation", f"at least {_minutes(agent.times.observation_minutes)} minutes [{agent.times.cite}]"


def _minutes(lengths: tuple[int, ...]) -> str:
    return ", then ".join(str(each) for each in lengths)


def _days(template: CycleTemplate) -> str:
    lists = [(agent, ", ".join(map(str, days))) for agent, days in template.days.items()]
    return lists[0][1] if len(lists) == 1 else "; ".join(f"{agent} {days}" for agent, days in lists)


def _window(rule: WindowRule) -> tuple[object, ...]:
    lasts = rule.length if rule.statement is Statement.LASTS else rule.statement.value
    return rule.kind, rule.audience, rule.agent, lasts, rule.cite


def _task(rule: TaskRule) -> tuple[object, ...]:
    cycles = f"cycles {', '.join(map(str, sorted(rule.cycles)))}" if rule.cycles else None
    scope = ", ".join(str(part) for part in (rule.audience, rule.intent, cycles) if part)
    return rule.kind, _when(rule), scope, rule.cite


def _when(rule: TaskRule) -> str:
    if rule.offset_days == 0:
        return f"at {rule.on}"
    days = "1 day" if rule.offset_days == 1 else f"{rule.offset_days} days"
    return f"{days} {rule.when} {rule.on}"
