"""Where staff choose a language: only those that there are, and each translation that no clinician has read says so."""

from pathlib import Path

import pytest

from tests.cli import NOW, REGIMEN, Infusions
from tests.test_web_start import TYPED
from tests.web_site import NEW, Web

SPANISH = "Spanish (not yet checked by a clinician)"
NONE_SUCH = "language 'tlh': there is no wording; there is: ar, en, es"
START = ("plan", REGIMEN, "--day1", "2026-12-07")


@pytest.fixture
def infusions(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Infusions:
    """The command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


# -- At the command line ---------------------------------------------------------------------------------------------


def test_whatever_is_made_in_spanish_is_marked_on_standard_error_alone(infusions: Infusions) -> None:
    course = infusions.migrated().course()
    for args in (
        (*START, "--format", "html", "--language", "es"),
        ("course", "new", REGIMEN, "--patient", "Berta", "--day1", "2026-12-07", "--language", "es"),
        ("course", "show", course, "--format", "text", "--language", "es"),
        ("feed", "new", course, "--name", "phone", "--language", "es"),
        ("course", "carer", "add", course, "--name", "Dora", "--email", "dora@carers.example", "--language", "es"),
    ):
        answer = infusions.done(*args)
        assert answer.err == f"Language: {SPANISH}.\n", args
        assert "not yet checked" not in answer.out, args
        english = tuple("en" if arg == "es" else arg for arg in args)
        assert infusions.done(*english).err == ""


def test_lists_of_feeds_and_recipients_mark_it_too(infusions: Infusions) -> None:
    course = infusions.migrated().course("--email", "bob@patients.example")
    infusions.done("feed", "new", course, "--name", "phone", "--language", "es")
    infusions.done("course", "carer", "add", course, "--name", "D", "--email", "d@c.example", "--language", "ar")
    assert "es, not yet checked" in infusions.done("feed", "list", course).out
    recipients = infusions.done("course", "carer", "list", course).out
    assert "ar, not yet checked" in recipients
    assert "en, not yet checked" not in recipients


def test_a_language_that_there_is_not_is_refused_everywhere_with_those_that_there_are(infusions: Infusions) -> None:
    course = infusions.migrated().course()
    for args in (
        START,
        (*START, "--format", "svg"),
        ("course", "new", REGIMEN, "--patient", "Berta", "--day1", "2026-12-07"),
        ("course", "show", course, "--format", "ics"),
        ("feed", "new", course, "--name", "phone"),
        ("course", "carer", "add", course, "--name", "Dora", "--email", "dora@carers.example"),
    ):
        assert infusions.refused(*args, "--language", "tlh").endswith(NONE_SUCH), args


# -- On the pages ----------------------------------------------------------------------------------------------------


def test_the_choice_of_a_calendars_language_says_which_no_clinician_has_read(web: Web) -> None:
    visitor, course = web.visitor("alice"), web.course()
    for address in (f"/courses/{course}/feeds/new", NEW):
        options = {tag.text: tag.attributes["value"] for tag in visitor.get(address).all("option")}
        assert options["English"] == "en", address
        assert options[SPANISH] == "es", address
        assert options["Arabic (not yet checked by a clinician)"] == "ar", address


def test_a_preview_of_mails_in_spanish_says_so(web: Web) -> None:
    visitor = web.visitor("alice")
    typed = TYPED | {"email": "berta@patients.example", "consent": "yes", "language": "es"}
    page = visitor.preview(visitor.get(NEW), **typed)
    assert f"Language: {SPANISH}" in page.text
    course = visitor.confirm(page).partition("?")[0]
    form = visitor.get(f"{course}/record/defer")
    preview = visitor.preview(form, dose="1-8", to="2026-12-29", reason="holiday")
    assert f"In the patient's language: {SPANISH}." in preview.text
