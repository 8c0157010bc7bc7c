"""Tables for people: straight columns whatever a name holds, and nothing that could repaint a terminal."""

from service.tables import pairs, plain, table, width


def test_columns_are_as_wide_as_their_content() -> None:
    assert table(("name", "n"), [("Bob", 1), ("Carolina", None)]) == (
        "name      n\n"  # no blanks at a line's end
        "--------  -\n"
        "Bob       1\n"
        "Carolina"
    )


def test_wide_and_combining_characters_keep_the_columns_straight() -> None:
    assert [width(text) for text in ("abc", "患者", "e\u0301", "")] == [3, 4, 1, 0]
    lines = table(("name", "n"), [("患者", 1), ("Zoe\u0301", 2)]).splitlines()
    assert [width(line) for line in lines] == [7, 7, 7, 7]


def test_control_characters_and_line_breaks_do_not_pass() -> None:
    assert plain("a\x1b[2Jb\nc\u202ed\u2028e\x9bf") == "a[2Jb cdef"


def test_pairs_leave_out_what_has_no_value() -> None:
    assert pairs([("zone", "Europe/Berlin"), ("on hold", None), ("x", ""), ("n", 0)]) == "zone  Europe/Berlin\nn     0"
