"""The marks of a timeline: a shape, a letter and a line for where a dose stands, told apart without colour."""

from enum import StrEnum
from html import escape

from scheduler.plan import Dose, DoseState

RADIUS = 11
INK, SOFT, TEAL, GREY, AMBER = "#1c2b33", "#52646e", "#0b6166", "#6b7a82", "#8a5a00"
_ARROW = f'stroke="{AMBER}" stroke-width="1.8" fill="none"'


class Mark(StrEnum):
    """Where a dose stands, as it is drawn."""

    PLANNED = "planned"
    TENTATIVE = "tentative"
    MOVED = "moved"
    GIVEN = "given"
    OMITTED = "omitted"
    CANCELLED = "cancelled"
    HELD = "held"


def mark_of(dose: Dose) -> Mark:
    """The mark of a dose; moved only while it is planned."""
    match dose.state:
        case DoseState.PLANNED:
            if has_moved(dose):
                return Mark.MOVED
            return Mark.PLANNED if dose.confirmed else Mark.TENTATIVE
        case DoseState.GIVEN:
            return Mark.GIVEN
        case DoseState.OMITTED:
            return Mark.OMITTED
        case DoseState.CANCELLED:
            return Mark.CANCELLED
        case DoseState.HELD:
            return Mark.HELD


def has_moved(dose: Dose) -> bool:
    """Whether a dose that stands lies on another date than its cycle's day 1 would have it."""
    return dose.state in (DoseState.PLANNED, DoseState.GIVEN) and dose.date not in (None, dose.nominal)


def shape(mark: Mark, x: float, y: float, letter: str) -> str:
    """The mark's shape around (x, y), with its letter inside unless that is empty."""
    stroke = GREY if mark in (Mark.OMITTED, Mark.CANCELLED) else TEAL
    fill = TEAL if mark is Mark.GIVEN else "#fff"
    dashed = ' stroke-dasharray="3 2.4"' if mark in (Mark.TENTATIVE, Mark.HELD) else ""
    drawn = f'<{_outline(mark, x, y)} data-mark="{mark}" fill="{fill}" stroke="{stroke}" stroke-width="2"{dashed}/>'
    if not letter:
        return drawn
    # In a triangle that stands on its tip the letter's place is higher.
    place = f'x="{x}" y="{y + (1 if mark is Mark.OMITTED else 4.5)}" text-anchor="middle"'
    ink = "#fff" if mark is Mark.GIVEN else INK
    return f'{drawn}<text data-letter="" font-size="12" font-weight="700" fill="{ink}" {place}>{escape(letter)}</text>'


def arrow(origin: float, x: float, y: float) -> str:
    """From a small ring at the place by the plan to the edge of the mark; for a near move it arches above."""
    way = 1 if x > origin else -1
    tip = x - way * (RADIUS + 2)
    ring = f'<circle {_ARROW} cx="{origin}" cy="{y}" r="3"/>'
    if abs(x - origin) < RADIUS + 12:
        top = y - RADIUS - 1
        start, end = origin - way * 2, x - way * 3
        path = f"M{start} {y - 3} C{start} {top - 7} {end - way * 6} {top - 9} {end} {top - 3}"
        head = f"{end - 3.5},{top - 6} {end + 4.5},{top - 5} {end},{top + 1}"
    else:
        path = f"M{origin + way * 3} {y} H{tip - way * 3}"
        head = f"{tip},{y} {tip - way * 6},{y - 4} {tip - way * 6},{y + 4}"
    return f'{ring}<path {_ARROW} d="{path}"/><polygon data-arrow="" fill="{AMBER}" points="{head}"/>'


# ---------------------------------------------------------------------------------------------------------------------


def _outline(mark: Mark, x: float, y: float) -> str:
    r = RADIUS
    match mark:
        case Mark.PLANNED | Mark.TENTATIVE | Mark.MOVED:
            return f'circle cx="{x}" cy="{y}" r="{r}"'
        case Mark.GIVEN | Mark.CANCELLED:
            return f'rect x="{x - r + 1}" y="{y - r + 1}" width="{2 * r - 2}" height="{2 * r - 2}" rx="2"'
        case Mark.OMITTED:
            return f'polygon points="{x - r - 2},{y - r} {x + r + 2},{y - r} {x},{y + r + 1}"'
        case Mark.HELD:
            return f'polygon points="{x},{y - r - 2} {x + r + 2},{y} {x},{y + r + 2} {x - r - 2},{y}"'
