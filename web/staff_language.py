"""The choice of a language for the pages of a member of staff."""

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
