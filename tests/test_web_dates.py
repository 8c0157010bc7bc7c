"""Dates in forms: three boxes that become one date, quick buttons that work without a script, faults in words."""

import pytest

from tests.web_site import Page, Visitor, Web
from web.date_boxes import Boxes, boxes, together

TODAY = "2026-12-14"


def typed(day: str, month: str, year: str, name: str = "on") -> dict[str, tuple[str, ...]]:
    return {f"{name}.day": (day,), f"{name}.month": (month,), f"{name}.year": (year,)}


@pytest.mark.parametrize(
    ("given", "text", "fault"),
    [
        (("7", "12", "2026"), "2026-12-07", ""),
        (("07", "2", "2028"), "2028-02-07", ""),
        (("29", "2", "2028"), "2028-02-29", ""),  # a leap year
        (("29", "2", "2027"), "2027-02-29", "there is no such date; look at day and month"),
        (("31", "4", "2027"), "2027-04-31", "there is no such date; look at day and month"),
        (("7", "12", "26"), "0026-12-07", "write the year with four digits"),  # whose century nobody guesses
        (("7", "", "2026"), "2026-00-07", "the month is missing"),
        (("", "", "2026"), "2026-00-00", "the day and the month are missing"),
        (("soon", "12", "2026"), "2026-12-soon", "there is no such date; look at day and month"),
        (("٧", "12", "2026"), "2026-12-0٧", "there is no such date; look at day and month"),
        (
            ("7", "99999999999999999999", "2026"),
            "2026-99999999999999999999-07",
            "there is no such date; look at day and month",
        ),
        (("", "", ""), "", ""),
    ],
)
def test_three_boxes_become_one_date_or_say_what_is_wrong(given: tuple[str, str, str], text: str, fault: str) -> None:
    found = Boxes(*given)
    assert (found.text, found.fault) == (text, fault)
    assert (found.date is None) is (fault != "" or not text)
    assert together(typed(*given))["on"] == (text,)


@pytest.mark.parametrize(
    ("held", "button", "shown"),
    [
        (("1", "1", "2027"), f"on={TODAY}", "2026-12-14"),  # today, whatever stood there
        (("31", "12", "2026"), f"on+1={TODAY}", "2027-01-01"),  # from what the boxes hold
        (("28", "2", "2028"), f"on+1={TODAY}", "2028-02-29"),
        (("", "", ""), f"on+7={TODAY}", "2026-12-21"),  # nothing stands there: from today
        (("31", "2", "2027"), f"on+7={TODAY}", "2026-12-21"),  # no date stands there: from today
        (("31", "12", "9999"), f"on+1={TODAY}", "9999-12-31"),  # no date follows: what was typed stays
        (("7", "12", "2026"), "on+1=2026-13-40", "2026-12-07"),
        (("7", "12", "2026"), "to+1=" + TODAY, "2026-12-07"),  # another field's button
        (("7", "12", "2026"), "on-1 week", "2026-12-07"),
    ],
)
def test_a_quick_button_sets_its_date_and_asks_for_the_form_again(
    held: tuple[str, str, str], button: str, shown: str
) -> None:
    found = together(typed(*held) | {"set-date": (button,), "step": ("confirm",)})
    assert found["on"] == (shown,)
    assert found["step"] == ("edit",)


def test_a_value_that_a_form_kept_stands_before_its_boxes() -> None:
    found = together(typed("7", "12", "2026") | {"on": ("2026-12-08",)})
    assert found == {"on": ("2026-12-08",)}
    assert boxes(found, "on") == ("8", "12", "2026")
    assert boxes({"on": ("soon",)}, "on") == ("", "", "")


@pytest.fixture(scope="module")
def alice(web: Web) -> Visitor:
    return web.visitor("alice")


def test_without_a_script_the_buttons_bring_the_form_back_with_the_date_set(web: Web, alice: Visitor) -> None:
    course = web.course("Quick Example")
    form = alice.get(f"/courses/{course}/record/defer?dose=1-8")
    reason = "a reason in the middle"
    for button, shown, weekday in (
        (f"to={TODAY}", "2026-12-14", "Monday"),
        (f"to+1={TODAY}", "2026-12-15", "Tuesday"),
        (f"to+7={TODAY}", "2026-12-22", "Tuesday"),
    ):
        answer = alice.send(form, **{"set-date": button, "reason": reason})
        assert answer.status_code == 200
        form = Page(answer.text)
        assert form.form()[1]["to"] == [shown]
        assert form.form()[1]["reason"] == [reason]
        assert next(tag.text for tag in form.all("output")) == weekday
        (pressed,) = (tag for tag in form.all("button") if "autofocus" in tag.attributes)
        assert pressed.attributes["value"] == button, "whoever pressed it is still there"
    assert web.load(course).revision == 0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/courses/{course}/record/{kind}", "on"),
        ("/courses/{course}/feeds/new", "expires"),
        ("/courses/new?regimen=inotuzumab-ozogamicin", "day1"),
    ],
)
def test_every_form_with_a_date_goes_on_with_the_key_enter_and_takes_the_buttons(
    web: Web, alice: Visitor, path: str, field: str
) -> None:
    course = web.course("Enter Example")
    form = alice.get(path.format(course=course, kind="cease"))
    sheet = next(tag for tag in form.all("form") if tag.attributes["action"] != "/sign-out")
    first = next(tag for tag in sheet.inside if tag.name == "button")
    assert first.attributes["name"] == "step", "a form's first button is what the key Enter presses"
    answer = alice.send(form, **{"set-date": f"{field}+7={TODAY}"})
    assert answer.status_code == 200
    assert Page(answer.text).form()[1][field] == ["2026-12-21"]


def test_boxes_that_are_no_date_are_told_beside_them_and_keep_what_was_typed(web: Web, alice: Visitor) -> None:
    course = web.course("Wrong Example")
    form = alice.get(f"/courses/{course}/record/defer?dose=1-8")
    answer = alice.send(form, step="preview", to="2027-02-31")
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "New date: there is no such date; look at day and month." in page.text
    assert (page.form()[1]["to.day"], page.form()[1]["to.month"]) == (["31"], ["2"])
    wrong = [tag for tag in page.tags if tag.attributes.get("aria-invalid") == "true"]
    assert [tag.attributes["id"] for tag in wrong] == ["to-day", "to-month", "to-year"]
