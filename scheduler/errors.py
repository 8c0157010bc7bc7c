"""The faults that the core reports. Each carries one sentence: what, where, what to do."""

from dataclasses import dataclass


class InfusionsError(Exception):
    """A fault that a person can mend: shown as its sentence, never with a traceback."""


class InvalidValue(InfusionsError):
    """A value that cannot be read or is out of range; `field` names it."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a file: where it stands and how to mend it."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class FileRefused(InfusionsError):
    """A regimen or course file with all its faults."""

    def __init__(self, source: str, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{source}, {fault}" for fault in faults))
        self.source = source
        self.faults = faults


class Rejected(InfusionsError):
    """An action that cannot be recorded. `code` is stable, `field` names the value at fault, `number` the action."""

    def __init__(self, code: str, message: str, *, field: str = "", number: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.number = number


class NeedsReason(Rejected):
    """An action that departs from the regimen: the same action with a reason is accepted."""

    def __init__(self, departure: str) -> None:
        sentence = f"{departure}. This departs from the regimen: give a reason to record it."
        super().__init__("needs-reason", sentence, field="reason")
