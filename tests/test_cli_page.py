"""`infusions page`: links to the patient's page from the command line, on a real database."""

from pathlib import Path

import pytest

from tests.cli import NOW, Infusions

NOBODY = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}).migrated()


def test_a_link_is_made_listed_replaced_and_revoked(infusions: Infusions) -> None:
    course = infusions.course("--language", "es")
    made = infusions.done(
        "page", "new", course, "--name", "phone", "--detail", "full", "--by", "alice", "--json"
    ).json()
    assert made["address"].startswith("http://127.0.0.1:8000/p/")
    plain = infusions.done("page", "new", course, "--name", "tablet", "--language", "ar").out
    assert plain.startswith("http://127.0.0.1:8000/p/")
    replaced = infusions.done("page", "replace", made["page"], "--json").json()
    assert replaced["address"] != made["address"]
    infusions.done("page", "revoke", replaced["page"])
    lines = infusions.done("page", "list", course, "--json").json()["pages"]
    told = {(line["name"], line["detail"], line["language"], line["state"], line["made_by"]) for line in lines}
    assert told == {
        ("phone", "full", "es", "revoked", "alice"),
        ("phone", "full", "es", "revoked", "cli"),
        ("tablet", "discreet", "ar", "live", "cli"),
    }
    assert "never" in infusions.done("page", "list", course).out


def test_a_link_that_cant_be_is_refused_in_one_sentence(infusions: Infusions) -> None:
    course = infusions.course()
    assert "there is no wording" in infusions.refused("page", "new", course, "--name", "phone", "--language", "tlh")
    assert "call the link by its device" in infusions.refused("page", "new", course, "--name", "")
    assert "page 11111111" in infusions.refused("page", "revoke", NOBODY)
    assert "course 11111111" in infusions.refused("page", "list", NOBODY)
