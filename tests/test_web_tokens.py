"""The tokens of other programs in the browser."""

import httpx

from service.api_tokens import holder_of, list_api_tokens
from tests.web_site import Page, Web


def test_an_admin_makes_a_token_that_works_sees_its_use_and_revokes_it(web: Web) -> None:
    admin = web.visitor("adam")
    page = admin.get("/settings/tokens")
    made = admin.send(page, program="laboratory", role="nurse", expires="2027-06-30", step="make")
    token = next(tag.text for tag in Page(made.text).all("code"))
    asked = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{web.url}/api/v1/regimens", headers=asked).status_code == 200
    shown = admin.get("/settings/tokens")
    assert token not in shown.html
    assert "laboratory Nurse live until Thu 1 Jul 2027, 00:00 made by adam, Mon 14 Dec 2026, 10:00 used" in shown.text
    (line,) = list_api_tokens(web.app)
    assert (line.name, line.role, line.made_by) == ("laboratory", "nurse", "adam")
    assert admin.post("/settings/tokens/revoke", shown, program="laboratory").status_code == 303
    assert httpx.get(f"{web.url}/api/v1/regimens", headers=asked).status_code == 401
    assert holder_of(web.app, token) is None


def test_what_cannot_be_is_told_beside_its_field_and_typed_values_stay(web: Web) -> None:
    admin = web.visitor("adam")
    page = admin.get("/settings/tokens")
    answer = admin.send(page, program="radiology", role="auditor", expires="2026-12-01", step="make")
    assert answer.status_code == 422
    told = Page(answer.text)
    assert "has passed; choose a later date" in told.text
    assert [tag.attributes["value"] for tag in told.all("input") if tag.attributes.get("name") == "program"][
        -1
    ] == "radiology"
    assert admin.send(page, program="radiology", role="auditor", step="make").status_code == 200
    again = admin.send(page, program="radiology", role="auditor", step="make")
    assert "is taken, and the audit names it" in Page(again.text).text
    assert "radiology" in [line.name for line in list_api_tokens(web.app)]
