"""Who may do what: the one table of roles and rights."""

from enum import StrEnum


class Right(StrEnum):
    """What a page asks for."""

    VIEW = "view"
    RECORD = "record"
    PEOPLE = "people"
    SETTINGS = "settings"
    AUDIT = "audit"
    EXPORT = "export"


RIGHTS: dict[str, frozenset[Right]] = {
    "nurse": frozenset({Right.VIEW, Right.RECORD}),
    "prescriber": frozenset({Right.VIEW, Right.RECORD}),
    "clinic-admin": frozenset({Right.VIEW, Right.RECORD, Right.PEOPLE, Right.SETTINGS, Right.EXPORT}),
    "auditor": frozenset({Right.VIEW, Right.AUDIT}),
}


def has_right(role: str, right: Right) -> bool:
    """Whether a user of that role has the right; an unknown role has none."""
    return right in RIGHTS.get(role, frozenset())
