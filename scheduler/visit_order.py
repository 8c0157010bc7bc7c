"""The order in which the doses of one visit are given."""

from collections.abc import Iterable

from scheduler.dose_id import DoseId
from scheduler.regimen import Regimen


def in_visit_order(regimen: Regimen, doses: Iterable[DoseId]) -> tuple[DoseId, ...]:
    """The doses of one date in the order of treatment; infusions that run on after the visit come last."""
    return tuple(sorted(doses, key=lambda dose: (regimen.agent_of(dose).continuous is not None, dose)))
