"""Which dose of a course: cycle, day and agent."""

from typing import NamedTuple


class DoseId(NamedTuple):
    """Which dose. Sorts in the order of treatment: `rank` is the agent's place in the file.

    `agent` is the agent's key; empty in a regimen of one agent.
    """

    cycle: int
    day: int
    rank: int = 0
    agent: str = ""

    def __str__(self) -> str:
        return f"{self.visit} {self.agent}" if self.agent else self.visit

    @property
    def visit(self) -> str:
        """The cycle and day alone, such as C1D8."""
        return f"C{self.cycle}D{self.day}"
