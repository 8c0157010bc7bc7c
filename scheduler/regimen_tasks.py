"""Reads the tasks of a regimen file: the checks, what each hangs on, and for whom it is."""

from scheduler.regimen import AUDIENCES, HangsOn, TaskRule, When
from scheduler.regimen_cites import Cites
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from scheduler.toml_reader import TableReader

# The kinds of checks that the calendars have words for.
TASK_KINDS = (
    "blood-count",
    "liver-tests",
    "ecg",
    "electrolytes",
    "pregnancy-test",
    "response-review",
    "eye-exam",
    "dexamethasone",
    "hospital-stay",
)


def read_tasks(
    top: TableReader, agents: tuple[str, ...], intents: tuple[str, ...], cites: Cites
) -> tuple[TaskRule, ...]:
    """The tables [[tasks]] of a file with those agents and intents."""
    return tuple(_task(reader, agents, intents, cites) for reader in top.tables("tasks"))


# ---------------------------------------------------------------------------------------------------------------------


def _task(reader: TableReader, agents: tuple[str, ...], intents: tuple[str, ...], cites: Cites) -> TaskRule:
    kind = reader.text("kind", choices=TASK_KINDS)
    on = HangsOn(reader.text("on", choices=tuple(HangsOn)))
    when, offset, days = _on_days(reader) if on is HangsOn.CYCLE_DAYS else _beside(reader)
    cycles = reader.rising("cycles", 1, 99) if reader.has("cycles") else None
    rule = TaskRule(
        kind=kind,
        on=on,
        when=when,
        offset_days=offset,
        cycles=frozenset(cycles) if cycles else None,
        intent=reader.text("intent", choices=intents) if reader.has("intent") else None,
        audience=reader.text("audience", choices=tuple(AUDIENCES)) if reader.has("audience") else None,
        agent=reader.text("agent", choices=agents) if reader.has("agent") and agents else "",
        days=days,
        at_home=reader.yes("at_home", default=False),
        lasts_days=reader.whole("lasts_days", 1, MAX_LENGTH, default=1),
        cite=cites.read(reader),
    )
    _check_scope(reader, rule)
    reader.done()
    return rule


def _beside(reader: TableReader) -> tuple[When, int, tuple[int, ...]]:
    """A task so many days before or after what it hangs on."""
    if reader.has("days"):
        reader.fault("days", 'belongs to on = "cycle-days" alone; remove it or change `on`')
    when = When(reader.text("when", choices=tuple(When)))
    return when, reader.whole("offset_days", 0, MAX_LENGTH), ()


def _on_days(reader: TableReader) -> tuple[When, int, tuple[int, ...]]:
    """A task on days of the cycle. `when` says to which side it moves from a closed day."""
    if reader.has("offset_days"):
        reader.fault("offset_days", 'has no meaning with on = "cycle-days"; remove it and name the days')
    when = When(reader.text("when", default=When.BEFORE, choices=tuple(When)))
    return when, 0, reader.rising("days", EARLIEST_DAY, MAX_LENGTH) or ()


def _check_scope(reader: TableReader, rule: TaskRule) -> None:
    if rule.agent and rule.on in (HangsOn.CYCLE_END, HangsOn.CYCLE_DAYS):
        reader.fault("agent", f'has no meaning with on = "{rule.on}", which is the same for all agents; remove it')
