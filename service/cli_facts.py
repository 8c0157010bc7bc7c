"""What staff know of a patient beside the dates: the options of it, and `infusions course facts`, which changes it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from service.cli_support import (
    Cli,
    acting_options,
    config_option,
    json_option,
    note_language,
    write_json,
    write_text,
)
from service.cli_types import ID
from service.tables import pairs

if TYPE_CHECKING:
    from service.patients import Guardian, PatientFacts

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
GUARDIAN = ("name", "relation", "email", "phone")


def guardian_options(command: Decorated) -> Decorated:
    """Adds the options that name who stands for a minor."""
    for option in reversed(
        [
            click.option("--guardian", "guardian_name", default="", metavar="NAME", help="Who stands for a minor."),
            click.option("--guardian-relation", default="", metavar="TEXT", help="Such as mother."),
            click.option("--guardian-email", default="", metavar="ADDRESS", help="Records that they agreed to mails."),
            click.option("--guardian-no-consent", is_flag=True, help="With --guardian-email: not agreed to yet."),
            click.option("--guardian-phone", default="", metavar="NUMBER"),
        ]
    ):
        command = option(command)
    return command


def given_facts(given: dict[str, Any]) -> "PatientFacts":
    """The facts that these options name, of a patient of whom nothing is known yet."""
    from service.patients import PatientFacts

    return PatientFacts(
        spoken_language=given["spoken_language"], interpreter=given["interpreter"], guardian=given_guardian(given)
    )


def given_guardian(given: dict[str, Any]) -> "Guardian | None":
    """The guardian that the options name; None when they name none."""
    from service.patients import Guardian

    told = {name: given[f"guardian_{name}"] for name in GUARDIAN}
    if not told["name"] and any(told.values()):
        raise click.UsageError("--guardian names who stands for the patient; give that too.")
    if given["guardian_no_consent"] and not told["email"]:
        raise click.UsageError("--guardian-no-consent says something of --guardian-email; give that too.")
    agreed = bool(told["email"]) and not given["guardian_no_consent"]
    return Guardian(**told, consent=agreed) if told["name"] else None


@click.command()
@click.argument("id_", metavar="ID", type=ID)
@click.option("--language", metavar="CODE", help="What the patient reads.")
@click.option("--spoken-language", metavar="TEXT", help="What the patient speaks, if it is another; '' for none.")
@click.option("--interpreter/--no-interpreter", default=None, help="Whether an interpreter is needed.")
@guardian_options
@click.option("--no-guardian", is_flag=True, help="Nobody stands for the patient any more.")
@acting_options
@json_option
@config_option
@click.pass_obj
def facts(cli: Cli, /, *, id_: UUID, by: str, request_id: str | None, as_json: bool, **given: Any) -> None:
    """Change what is known of the patient of the course ID beside the dates, and show it; without a change, show it.

    What no option names stays. --guardian with another name puts another guardian, with all that is said of them, in
    the place of the one there was; without it the other options mend what is known of the guardian. Mails that wait
    follow at once.
    """
    app = cli.app
    from dataclasses import replace

    from service.audit import course_viewed
    from service.patients import change_facts, facts_to_dict, mark_of
    from service.queries import load_course

    record = load_course(app, id_)
    known, language = record.facts, given["language"] or record.language
    named = {name: given[name] for name in ("spoken_language", "interpreter") if given[name] is not None}
    wanted = replace(known, **named, guardian=_guardian(known.guardian, given))
    if (wanted, language) == (known, record.language):
        course_viewed(app, id_, by=by)
    else:
        seen = mark_of(known, record.language)
        known = change_facts(app, id_, wanted, by=by, language=language, seen=seen, request_id=request_id)
        note_language(language)
    shown = {"course": str(id_), "language": language, **facts_to_dict(known)}
    write_json(shown) if as_json else write_text(pairs(_lines(language, known)))


# ---------------------------------------------------------------------------------------------------------------------


def _guardian(known: "Guardian | None", given: dict[str, Any]) -> "Guardian | None":
    """Who stands for the patient after these options: nobody, another one, or the one who is known, mended."""
    from dataclasses import replace

    told = {name: given[f"guardian_{name}"] for name in GUARDIAN if given[f"guardian_{name}"]}
    if given["no_guardian"]:
        if told or given["guardian_no_consent"]:
            raise click.UsageError("--no-guardian ends what the other options of a guardian name; give one of the two.")
        return None
    if known is None or told.get("name", known.name) != known.name:
        return given_guardian(given)
    agreed = (known.consent or "email" in told) and not given["guardian_no_consent"]
    return replace(known, **told, consent=agreed)


def _lines(language: str, known: "PatientFacts") -> list[tuple[str, object]]:
    guardian = known.guardian
    lines: list[tuple[str, object]] = [
        ("reads", language),
        ("speaks", known.spoken_language),
        ("interpreter", "needed" if known.interpreter else "not needed"),
        ("guardian", f"{guardian.name}, {guardian.relation}" if guardian else "none"),
    ]
    if guardian is not None:
        consent = "agreed to mails" if guardian.consent else "no consent to mails"
        lines += [("telephone", guardian.phone), ("mail", f"{guardian.email} ({consent})" if guardian.email else "")]
    return lines
