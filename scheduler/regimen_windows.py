"""Reads the windows of a regimen file: what is said of each audience after the last dose of each agent."""

from collections.abc import Iterator

from scheduler.regimen import AUDIENCES, Statement, Unit, WindowRule
from scheduler.regimen_cites import Cites
from scheduler.toml_reader import TableReader

LONGEST = {Unit.HOURS: 9_600, Unit.DAYS: 3_650, Unit.WEEKS: 520, Unit.MONTHS: 120}
SAYS = (*LONGEST, "none", "not_stated")


def read_windows(
    top: TableReader, agents: tuple[str, ...], jurisdictions: tuple[str, ...], cites: Cites
) -> tuple[WindowRule, ...]:
    """The tables [[windows]]; a fault where one is there twice, or nothing is said of an audience."""
    readers = top.tables("windows")
    rules = tuple(_window(reader, agents, jurisdictions, cites) for reader in readers)
    places = [(rule.agent, rule.audience, rule.jurisdiction) for rule in rules]
    for reader, (agent, audience, where) in zip(readers, places, strict=True):
        if places.count((agent, audience, where)) > 1:
            reader.fault("audience", f"{audience!r} has this window twice; keep one")
        elif where and (agent, audience, "") in places:
            reader.fault("jurisdiction", f"{audience!r} has a window for all jurisdictions too; keep one kind")
    for gap in _unsaid(set(places), agents, jurisdictions):
        top.fault("windows", gap)
    return rules


# ---------------------------------------------------------------------------------------------------------------------


def _window(reader: TableReader, agents: tuple[str, ...], jurisdictions: tuple[str, ...], cites: Cites) -> WindowRule:
    statement, amount, unit = _length(reader)
    agent = agents[0] if len(agents) == 1 and not reader.has("agent") else reader.text("agent", choices=agents)
    rule = WindowRule(
        agent=agent,
        audience=reader.text("audience", choices=tuple(AUDIENCES)),
        jurisdiction=reader.text("jurisdiction", choices=jurisdictions) if reader.has("jurisdiction") else "",
        statement=statement,
        amount=amount,
        unit=unit,
        cite=cites.read(reader),
    )
    reader.done()
    return rule


def _length(reader: TableReader) -> tuple[Statement, int, Unit]:
    said = [key for key in SAYS if reader.has(key)]
    if len(said) != 1:
        reader.fault("", f"needs one of {', '.join(SAYS)}; give exactly one")
        return Statement.NOT_STATED, 0, Unit.DAYS
    (key,) = said
    if key in LONGEST:
        unit = Unit(key)
        return Statement.LASTS, reader.whole(key, 1, LONGEST[unit]), unit
    if not reader.yes(key):
        reader.fault(key, "is not true; write true, or how long the window lasts")
    return (Statement.NONE if key == "none" else Statement.NOT_STATED), 0, Unit.DAYS


def _unsaid(
    places: set[tuple[str, str, str]], agents: tuple[str, ...], jurisdictions: tuple[str, ...]
) -> Iterator[str]:
    """A sentence for each audience of which nothing is said after an agent, in some jurisdiction."""
    for agent in agents:
        for audience in AUDIENCES:
            if (agent, audience, "") in places:
                continue
            missing = [where for where in jurisdictions if (agent, audience, where) not in places]
            if missing:
                where = "" if missing == list(jurisdictions) else f" in {', '.join(missing)}"
                yield (
                    f"nothing is said of {audience!r} after {agent!r}{where};"
                    " add a table [[windows]], with not_stated = true where the source says nothing"
                )
