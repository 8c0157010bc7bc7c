"""What a patient should know for each visit, in plain words: what to bring, when to call, and whom."""

from dataclasses import dataclass

from calendars.kinds import ClinicCard
from calendars.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The sentences for one clinic and one regimen."""

    wording: Wording
    clinic: ClinicCard
    regimen_id: str

    def leave(self) -> str:
        """When one may leave."""
        return self.wording.say("guide.leave")

    def bring(self) -> str:
        """What to bring."""
        return self.wording.say("guide.bring")

    def tests(self) -> str:
        """Where tests are done."""
        return self.wording.say("guide.tests")

    def whom_to_call(self) -> str:
        """Whom to call about a date, with the clinic's number when it is set."""
        if self.clinic.phone:
            return self.wording.say("guide.call", phone=self.clinic.phone)
        return self.wording.say("guide.call-team")

    def at_once(self) -> tuple[str, ...]:
        """When not to wait: fever, and the signs that this regimen's patients must know."""
        return self._fever(), self.wording.say(self._signs())

    def other_numbers(self) -> tuple[str, ...]:
        """Whom to call at night, and in an emergency."""
        say, clinic = self.wording.say, self.clinic
        night = (say("guide.after-hours", phone=clinic.after_hours_phone),) if clinic.after_hours_phone else ()
        number = clinic.emergency_number
        return (*night, say("guide.emergency", number=number) if number else say("guide.emergency-any"))

    def changes(self) -> str:
        """That dates can change."""
        return self.wording.say("guide.changes")

    def each_visit(self) -> tuple[str, ...]:
        """All that holds for each visit beside when one may leave, in one list."""
        return (
            self.bring(),
            self.tests(),
            self.whom_to_call(),
            *self.at_once(),
            *self.other_numbers(),
            self.changes(),
        )

    def _signs(self) -> str:
        """The key of the regimen's own signs, or of those of the drug that it is a variant of ("…-eu"), or of all."""
        parts = self.regimen_id.split("-")
        keys = (f"guide.signs.{'-'.join(parts[:count])}" for count in range(len(parts), 0, -1))
        return next((key for key in keys if self.wording.has(key)), "guide.signs")

    def _fever(self) -> str:
        threshold = self.clinic.fever_threshold
        return (
            self.wording.say("guide.fever", threshold=threshold) if threshold else self.wording.say("guide.fever-any")
        )
