"""The first cycles of a regimen, drawn as text: a row for each agent, a column for each day."""

from collections.abc import Iterator

from scheduler.regimen import Agent, CycleTemplate, Regimen
from service.regimen_words import cycles_text

LEGEND = "# dose   = runs on   | comes off   . no dose"
ROW = 42  # days side by side: six weeks, so that a line fits a terminal


def grid(regimen: Regimen) -> str:
    """The cycles of each kind one below the other, and what the signs mean."""
    drawn = [_cycle(regimen, number, template) for number, template in enumerate(regimen.templates)]
    return "\n\n".join([*drawn, LEGEND])


# ---------------------------------------------------------------------------------------------------------------------


def _cycle(regimen: Regimen, number: int, template: CycleTemplate) -> str:
    agents = [regimen.agents[key] for key in template.days]
    names = max(len(agent.name) for agent in agents)
    first = min(1, *(days[0] for days in template.days.values()))
    lines = [f"{cycles_text(regimen, number)}, {template.length} days"]
    for start in range(first, template.length + 1, ROW):
        columns = range(start, min(start + ROW, template.length + 1))
        lines.append(f"{'day':{names}}  {_ruler(columns)}".rstrip())
        lines += [f"{agent.name:{names}}  {''.join(_signs(agent, template, columns))}" for agent in agents]
    return "\n".join(lines)


def _ruler(days: range) -> str:
    """The number of day 1 and of each seventh day after it above its column."""
    line = ""
    for day in days:
        if day > 0 and day % 7 == 1:
            line = line.ljust(day - days[0]) + str(day)
    return line


def _signs(agent: Agent, template: CycleTemplate, columns: range) -> Iterator[str]:
    given = template.days[agent.key]
    # A visit begins by day, so what runs for 46 hours comes off two days later, what runs for 28 days 28 days later.
    runs = -(-max(agent.times.infusion_minutes) // (24 * 60)) if agent.continuous else 0
    for day in columns:
        since = min((day - each for each in given if each <= day), default=runs + 1)
        yield "#" if since == 0 else "=" if since < runs else "|" if since == runs else "."
