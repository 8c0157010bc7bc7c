"""Broken regimen and course files: each refused at once with sentences that name file, place and remedy."""

import time
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from scheduler import FileRefused, parse_course, parse_regimen
from scheduler.regimen import Regimen
from tests.broken_files import Broken, broken, toml
from tests.cli import NOW, Infusions
from tests.core import REGIMENS

MADE_UP = Path(__file__).parent / "regimen_files" / "several-agents.toml"
FILES = {path.stem: path for path in [*sorted(REGIMENS.glob("*.toml")), MADE_UP]}
OPTIONAL = frozenset({
    "label_date", "use", "late", "review", "liver_watch", "preparation", "tasks", "section", "dated", "gap", "continuous",
    "infusion_minutes", "observation_minutes", "bag_hours", "tolerance_days", "rule", "omit_from_days",
    "reduce_from_days", "stop_after_days", "at_home", "lasts_days", "transplant", "intent", "cycles", "agent",
    "jurisdiction", "audience", "when",
})  # fmt: skip
LIMIT = 1.0  # seconds of this process, so that a busy machine is no fault of the file


def refused(broken_: Broken, parse: Callable[[str, str], object]) -> list[str]:
    """The sentences with which a broken file is refused, in less than a second."""
    start = time.process_time()
    with pytest.raises(FileRefused) as caught:
        parse(broken_.text, "theirs.toml")
    assert time.process_time() - start < LIMIT, broken_.what
    return str(caught.value).splitlines()


def assert_helpful(sentences: list[str], what: str) -> None:
    """Each sentence names the file and the place, says what is wrong, and how to mend it."""
    assert sentences, what
    for sentence in sentences:
        file, comma, rest = sentence.partition(", ")
        place, colon, message = rest.partition(": ")
        assert (file, comma, colon) == ("theirs.toml", ", ", ": "), (what, sentence)
        assert place, (what, sentence)
        assert ";" in message or "use" in message or "give" in message or "write" in message, (what, sentence)
        assert sentence.isprintable(), (what, sentence)
        assert len(sentence) < 700, (what, sentence)


@cache
def regimens() -> dict[str, Regimen]:
    """All regimens that come along, by id."""
    return {name: parse_regimen(path.read_text(encoding="utf-8"), name) for name, path in FILES.items()}


def course(text: str, source: str) -> object:
    """The course of a file's text, with all regimens known."""
    return parse_course(text, source, regimens())


@pytest.mark.parametrize("name", list(FILES))
def test_a_regimen_file_with_one_fault_is_refused_with_place_and_remedy(name: str) -> None:
    tables = tomllib.loads(FILES[name].read_text(encoding="utf-8"))
    parse_regimen(toml(tables), "theirs.toml")  # what is not broken is read
    made = list(broken(tables, optional=OPTIONAL))
    assert len(made) > 200
    # The made-up file has every key, so it is broken in all ways; the others, which are like it, in some ways each.
    made = made if name == MADE_UP.stem else made[list(FILES).index(name) :: 8]
    for each in made:
        assert_helpful(refused(each, parse_regimen), each.what)


# -- Course files -----------------------------------------------------------------------------------------------------

COURSE = """\
regimen = "inotuzumab-ozogamicin"
patient = "B. B."
day1 = 2026-12-07
at = "09:00"
zone = "America/New_York"
cycles = 4
intent = "continue"
cycle_lengths = { 1 = 28 }
audiences = ["can-become-pregnant", "breastfeeding:private"]
jurisdiction = "US"
reason = "as agreed"
id = "0b1f6f0e-3a0f-5c5e-9c66-6d9d4f7a3c11"
actions = [
  { kind = "given", cycle = 1, day = 1, on = 2026-12-07, started = "09:10", ended = "10:20", tolerated = true },
  { kind = "defer", cycle = 1, day = 8, to = 2026-12-15, scope = "dose", reason = "snow" },
  { kind = "omit", cycle = 1, day = 15, reason = "liver" },
  { kind = "hold", cycle = 2, day = 1, on = 2026-12-29, cause = "liver" },
  { kind = "resume", cycle = 2, day = 1, on = 2027-01-06 },
  { kind = "cycle-length", cycle = 2, days = 28 },
  { kind = "days", cycle = 2, days = [1, 8], reason = "two doses" },
  { kind = "cycles", count = 5 },
  { kind = "intent", value = "transplant" },
  { kind = "response", cycle = 2, value = "CR" },
  { kind = "time", at = "08:30", cycle = 3, day = 1 },
  { kind = "audience", value = "breastfeeding", change = "remove" },
  { kind = "away", from = 2027-02-01, to = 2027-02-05 },
  { kind = "cease", on = 2027-02-10, cause = "transplant" },
  { kind = "regimen", version = "2026.2" },
  { kind = "void", action = 3 },
]
earlier = [ { regimen = "polatuzumab-br", agent = "rituximab", last_dose = 2026-06-01, ended = 2026-06-01T12:00:00 } ]
"""
COURSE_OPTIONAL = frozenset({
    "patient", "cycles", "intent", "cycle_lengths", "1", "audiences", "jurisdiction", "reason", "id", "actions",
    "started", "ended", "tolerated", "scope", "earlier",
})  # fmt: skip

# What a plan alone can tell: half of a visit's name, an action that there is not.
WITH_THE_PLAN = (
    "missing actions.10.cycle",
    "missing actions.10.day",
    "missing actions.11.change",
    "out of range actions.15.action",
)


def test_a_course_file_with_one_fault_is_refused_with_place_and_remedy() -> None:
    tables = tomllib.loads(COURSE)
    course(toml(tables), "theirs.toml")  # what is not broken is read
    made = [each for each in broken(tables, optional=COURSE_OPTIONAL) if each.what not in WITH_THE_PLAN]
    assert len(made) > 200
    for each in made:
        assert_helpful(refused(each, course), each.what)


# -- Files that contradict themselves, and files made to do harm ---------------------------------------------------------

GOOD = FILES["inotuzumab-ozogamicin"].read_text(encoding="utf-8")
SHAPES = MADE_UP.read_text(encoding="utf-8")
CONTRADICTIONS = [
    ("a cycle shorter than its shortest", GOOD.replace("length = 21", "length = 20")),
    ("a cycle longer than its longest", GOOD.replace("length = 21", "length = 29")),
    ("more cycles by default than at most", GOOD.replace("maximum = 3", "maximum = 1")),
    ("a fixed number that is open", SHAPES.replace("fixed = 2", "fixed = 2, open = true")),
    ("late days that fall", GOOD.replace("stop_after_days = 28", "stop_after_days = 3")),
    ("a gap that the days break", GOOD.replace("gap = { days = 6", "gap = { days = 10")),
    ("hours that the days break", SHAPES.replace("hours = 24", "hours = 30")),
    ("a window with no length and one", SHAPES.replace("none = true", "none = true\nmonths = 3", 1)),
    ("a window that both is none and not stated", SHAPES.replace("none = true", "none = true\nnot_stated = true", 1)),
    ("a rule for a day that is no day", GOOD.replace("days.8]", "days.9]")),
    ("a day of nobody", SHAPES.replace("gamma = [1] }", "delta = [1] }")),
    ("a pump without a length", SHAPES.replace("infusion_minutes = [2880], ", "")),
    ("a pump that is still on at the next dose", SHAPES.replace("[2880]", "[43200]")),
    ("a task of an intent that there is not", GOOD.replace("[counts.transplant]\ndefault = 2\nmaximum = 3\n", "")),
    ("one id twice", GOOD.replace('id = "inotuzumab', 'id = "x"\nid = "inotuzumab')),
    ("one table twice", GOOD + "\n[late]\n"),
    ("a table that is a value", GOOD + "\nid.x = 1\n"),
]


@pytest.mark.parametrize(("what", "text"), CONTRADICTIONS, ids=[what for what, _ in CONTRADICTIONS])
def test_a_regimen_file_that_contradicts_itself_is_refused(what: str, text: str) -> None:
    assert text not in (GOOD, SHAPES)
    assert_helpful(refused(Broken(what=what, text=text), parse_regimen), what)


HOSTILE = [
    ("ten million characters", "#" * 10_000_000),
    ("ten million characters in one text", f'id = "{"x" * 10_000_000}"'),
    ("tables in tables", "a = " + "[" * 100_000),
    ("inline tables in inline tables", "a = " + "{ a = " * 20_000),
    ("one key of many parts", "a" + ".a" * 99_000 + " = 1"),
    ("many keys of many parts", "".join(f"b{number}{'.a' * 380} = 1\n" for number in range(200))),
    ("a number of many digits", "a = " + "9" * 100_000),
    ("half of a character", "a = '\udfff'"),
    ("no TOML at all", "<!DOCTYPE html><p>regimen"),
    ("zeros", "\0" * 1000),
    ("twenty thousand unknown keys", "".join(f"k{number} = 1\n" for number in range(20_000))),
    ("twenty thousand empty windows", "[[windows]]\n" * 15_000),
    ("twenty thousand empty cycles", "[[cycles]]\n" * 15_000),
    ("twenty thousand empty actions", "[[actions]]\n" * 15_000),
    ("a hundred thousand numbers for tables", "cycles = [" + "1," * 99_000 + "]"),
    ("ten thousand sources", "".join(f"[sources.a{number}]\n" for number in range(10_000))),
    ("ten thousand agents", "".join(f"[agents.a{number}]\n" for number in range(10_000))),
    ("ten thousand jurisdictions", GOOD.replace('["US"]', str([f"J{number}" for number in range(10_000)]))),
    ("long words that are nearly right", GOOD.replace('"leaflet"', '"' + "leaflett" * 100 + '"')),
    ("a text that repaints the terminal", GOOD.replace('"2.2"', '"\\u001b[2J"')),
    ("a text that runs from right to left", GOOD.replace('id = "', 'id = "\\u202e')),
]


@pytest.mark.parametrize(("what", "text"), HOSTILE, ids=[what for what, _ in HOSTILE])
def test_a_file_made_to_do_harm_is_refused_in_a_second(what: str, text: str) -> None:
    for parse in (parse_regimen, course):
        sentences = refused(Broken(what=what, text=text), parse)
        assert len(sentences) <= 201
        assert_helpful(sentences, what)


# -- On the command line ------------------------------------------------------------------------------------------------


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


def test_the_command_line_tells_the_same_without_a_traceback(infusions: Infusions) -> None:
    tables = tomllib.loads(SHAPES)
    sample = [*broken(tables, optional=OPTIONAL)][::12]
    texts = [each.text for each in sample] + [text for _, text in (*CONTRADICTIONS, *HOSTILE) if text.isascii()]
    for text in texts:
        (infusions.folder / "theirs.toml").write_text(text, encoding="utf-8")
        answer = infusions("regimens", "check", "theirs.toml")
        assert (answer.code, answer.out) == (1, "")
        assert_helpful(answer.err.splitlines(), text[:200])


def test_a_broken_course_file_is_refused_on_the_command_line(infusions: Infusions) -> None:
    (infusions.folder / "theirs.toml").write_text(
        COURSE.replace('cause = "liver"', 'cause = "livre"'), encoding="utf-8"
    )
    assert "theirs.toml, actions 4, key `cause`" in infusions.refused("plan", "--course", "theirs.toml")
    sample = [*broken(tomllib.loads(COURSE), optional=COURSE_OPTIONAL)][::10]
    for each in (each for each in sample if each.what not in WITH_THE_PLAN):
        (infusions.folder / "theirs.toml").write_text(each.text, encoding="utf-8")
        answer = infusions("plan", "--course", "theirs.toml")
        assert (answer.code, answer.out) == (1, ""), each.what
        assert_helpful(answer.err.splitlines(), each.what)


def test_what_is_no_text_file_is_refused_in_a_sentence(infusions: Infusions) -> None:
    (infusions.folder / "picture.toml").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (infusions.folder / "folder.toml").mkdir()
    for name, said in (
        ("picture.toml", "is not UTF-8 text; save it as UTF-8"),
        ("folder.toml", "cannot be read"),
        ("missing.toml", "there is no such file; check the name"),
    ):
        assert said in infusions.refused("regimens", "check", name)
        assert said in infusions.refused("plan", "--course", name)


HEAD = """\
regimen = "inotuzumab-ozogamicin"
day1 = 2026-12-07
at = "09:00"
zone = "America/New_York"
"""
GIVEN = '{ kind = "given", cycle = 1, day = 1, on = 2026-12-07 }'
AGAINST_THE_PLAN = [
    ("a dose given twice", [GIVEN, GIVEN], "actions]] 2: C1D1 was given on 2026-12-07; void that record first"),
    ("a given dose omitted", [GIVEN, '{ kind = "omit", cycle = 1, day = 1, reason = "x" }'], "was given on 2026-12-07"),
    ("the second dose first", ['{ kind = "given", cycle = 1, day = 8, on = 2026-12-14 }'], "record C1D1 first"),
    ("a cycle that there is not", ['{ kind = "omit", cycle = 9, day = 8 }'], "the plan has no cycle 9; use 1 to 6"),
    ("a day that there is not", ['{ kind = "omit", cycle = 1, day = 9 }'], "use one of its days: 1, 8, 15"),
    ("an end before the start", [GIVEN.replace(" }", ', started = "10:00", ended = "09:00" }')], "ended: is before started"),
    ("a dose given in years", [GIVEN.replace("2026-12-07", "2036-12-07")], "record it when it was given"),
    ("nothing to resume", ['{ kind = "resume", cycle = 1, day = 1, on = 2026-12-08 }'], "defer it to move it"),
    ("an action that there is not", ['{ kind = "void", action = 99999 }'], "there is no action 99999 yet; name an earlier"),
    ("moved after the end", [GIVEN, '{ kind = "cease", on = 2026-12-08, cause = "toxicity" }', '{ kind = "defer", cycle = 1, day = 8, to = 2026-12-15 }'], "void the cease first"),
    ("too close", [GIVEN, '{ kind = "defer", cycle = 1, day = 8, to = 2026-12-09, reason = "x" }'], "the first possible date is 2026-12-13"),
    ("an agent of another regimen", [GIVEN.replace(" }", ', agent = "rituximab" }')], "use one of: inotuzumab-ozogamicin"),
    ("more cycles without a reason", ['{ kind = "cycles", count = 12 }'], "give a reason to record it"),
    ("half of a visit", ['{ kind = "time", at = "08:00", cycle = 1 }'], "name cycle and day of one visit, or neither"),
    ("cycles without a day 1", ['{ kind = "days", cycle = 2, days = [8], reason = "x" }'], "cannot be left out; add it"),
    ("a cycle too short for its doses", ['{ kind = "cycle-length", cycle = 1, days = 10, reason = "x" }'], "give a length of 16"),
    ("a day 1 that moves alone", ['{ kind = "defer", cycle = 2, day = 1, to = 2027-01-06, scope = "dose", reason = "x" }'], "write 'course'"),
    ("a version that there is not", ['{ kind = "regimen", version = "1" }'], "use one of: 2026.2"),
    ("an audience of nobody", ['{ kind = "audience", value = "nobody", change = "add" }'], "use one of: can-become"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "actions", "said"), AGAINST_THE_PLAN, ids=[what for what, *_ in AGAINST_THE_PLAN])
def test_a_course_file_against_its_own_plan_is_refused_with_the_action(
    infusions: Infusions, what: str, actions: list[str], said: str
) -> None:
    (infusions.folder / "theirs.toml").write_text(f"{HEAD}actions = [{', '.join(actions)}]\n", encoding="utf-8")
    sentence = infusions.refused("plan", "--course", "theirs.toml", "--today", "2027-03-01")
    assert sentence.startswith(f"theirs.toml, [[actions]] {len(actions)}: "), what
    assert said in sentence
