"""Says which facts that a plan shows were not read in their source: one remark for each group of them."""

from collections.abc import Callable, Iterator, Sequence

from scheduler.layout import Layout
from scheduler.numbers import Numbers
from scheduler.plan import Advice, Severity, Task, Window
from scheduler.regimen import Agent, length_text
from scheduler.remarks import UNREAD, remark


def unverified(
    numbers: Numbers, layout: Layout, windows: tuple[Window, ...], tasks: Sequence[Task]
) -> Iterator[Advice]:
    """The remarks on windows, cycles and days, times, gap, number of cycles, and checks."""
    regimen = numbers.regimen
    for window in windows:
        if not window.verified and not window.not_stated:
            yield _of_window(window)
    cycles = range(1, len(layout.day1s) + 1)
    if not all(regimen.template(cycle).cite.verified for cycle in cycles):
        yield _remark("the cycles and their days", "cycles")
    ranks = sorted({slot.id.rank for slot in layout.slots})
    agents = [(regimen.ranked[rank], len(regimen.agents) > 1) for rank in ranks]
    yield from _of_agents("the times of infusion and observation", "times", agents, _times)
    yield from _of_agents("the gap between doses", "gap", agents, _gap)
    if not regimen.counts_cite.verified:
        yield _remark("the number of cycles", "number of cycles")
    shown = {task.kind for task in tasks}
    kinds = dict.fromkeys(rule.kind for rule in regimen.tasks if not rule.cite.verified and rule.kind in shown)
    if kinds:
        yield _remark(f"the checks ({', '.join(kinds)})", f"checks {' '.join(kinds)}")


# ---------------------------------------------------------------------------------------------------------------------


# What a window asks of each audience, with and without how long.
_ASKED = {
    "can-become-pregnant": ("{} of birth control", "birth control", " for a patient who can become pregnant"),
    "partner-can-become-pregnant": ("{} of birth control", "birth control", " for a patient's partner"),
    "breastfeeding": ("{} without breastfeeding", "the time without breastfeeding", ""),
}


def _of_window(window: Window) -> Advice:
    """A window with an end says how long it lasts; one without says no number."""
    lasts = [length_text(fact.amount, fact.unit) for fact in window.why.chain[-1:]]
    long, endless, whom = _ASKED[window.audience]
    what = f"{long.format(lasts[0]) if lasts else endless}{whom}"
    # The facts stand in stored acknowledgements: their words stay as they were.
    return _remark(what, f"{window.audience} {window.kind} {''.join(f'{last} of ' for last in lasts)}")


def _times(agent: Agent) -> bool:
    """Whether lengths of an agent show that were not read."""
    times = agent.times
    return not times.cite.verified and bool(times.infusion_minutes or times.observation_minutes)


def _gap(agent: Agent) -> bool:
    return agent.gap is not None and not agent.gap.cite.verified


def _of_agents(
    what: str, facts: str, agents: list[tuple[Agent, bool]], unread: Callable[[Agent], bool]
) -> Iterator[Advice]:
    """One remark for the agents of which something was not read; they are named where there are others."""
    found = [(agent.name, named) for agent, named in agents if unread(agent)]
    names = ", ".join(name for name, named in found if named)
    if found:
        yield _remark(f"{what} ({names})" if names else what, f"{facts} {names}".strip())


def _remark(what: str, facts: str) -> Advice:
    return remark("unverified", Severity.WARN, f"{what[0].upper()}{what[1:]}: {UNREAD}", facts=facts)
