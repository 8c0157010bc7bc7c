"""The pharmacy's clock: when an infusion may be mixed, so that it ends within the hours that the regimen states."""

from datetime import datetime
from typing import NamedTuple

from scheduler.dates import after
from scheduler.plan import Dose, DoseState
from scheduler.regimen import Regimen


class Mixing(NamedTuple):
    """When a dose may be mixed: mixed before `earliest` its infusion would end too late, and at `latest` it starts."""

    earliest: datetime
    latest: datetime


def mixing(regimen: Regimen, dose: Dose) -> Mixing | None:
    """When this planned dose may be mixed, in the clinic's zone; the hours are counted on instants.

    None where the regimen states no hours, the dose isn't planned, or its start or length isn't known.
    """
    times = dose.times
    if regimen.preparation is None or dose.state is not DoseState.PLANNED or times is None:
        return None
    if not (times.start_known and times.length_known):
        return None
    return Mixing(after(times.infusion_end, -regimen.preparation.hours * 60), times.infusion_start)
