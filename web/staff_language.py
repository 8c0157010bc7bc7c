"""The choice of a language: for the pages of a member of staff, and for what patients read."""

from service.wiring import App
from web.forms import Field, Input, Option
from web.speaking import language_labels, own_languages


def language_field() -> Field:
    """In which language a person reads the pages; a translation that no clinician has read is marked."""
    options = tuple(Option(value=code, label=label) for code, label in language_labels(own_languages()).items())
    return Field(
        name="language",
        label="Language of the pages",
        input=Input.SELECT,
        missing="Choose the language.",
        options=options,
    )


def patient_languages(app: App) -> dict[str, str]:
    """By code, the languages that patients can read, as staff are told of them."""
    return language_labels({code: wording.checked for code, wording in app.wordings.items()})
