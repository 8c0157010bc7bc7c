"""The sentences that reach staff pages from outside web/, gathered from the source by its syntax tree.

The rule, so that nobody has to guess what needs a translation:

* Who speaks: the modules in SPEAKERS, whole, or only the functions and classes named. What another module of the core, of
  service/, db/ or reminders/ writes is for the command line, the API, a log or a patient, and stays as it is.
* What counts: each text in quotes and each f-string that holds a blank and a letter (texts joined by + are one), and in
  scheduler/ each word that is one of two in `a if … else b`. An f-string of the core without a letter counts when it joins
  two values ("{sentence} ({cite})").
* What doesn't: docstrings, annotations, what is handed to a log or kept as a remark's `facts`, and what ASIDE names one
  by one with the reason.
* How an f-string is called: its text, with a {placeholder} for each value, named after the last name of the expression:
  {slot.id} is {id}, {day_text(on)} is {day_text}, {text[:60]!r} is {text}, {", ".join(known)} is {list}, {a if b else c} is
  {choice}. Another expression of the same name in one text is numbered: {date}, {date_2}.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeGuard

ROOT = Path(__file__).parent.parent

REGIMENS = ROOT / "scheduler" / "regimens"

ALL = ()
SPEAKERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "scheduler/action_fields.py": ALL,
        "scheduler/advice.py": ALL,
        "scheduler/advice_doses.py": ALL,
        "scheduler/advice_unverified.py": ALL,
        "scheduler/before.py": ALL,
        "scheduler/checks.py": ALL,
        "scheduler/closures.py": ALL,
        "scheduler/course.py": ALL,
        "scheduler/course_file.py": ("course_id",),
        "scheduler/dates.py": ALL,
        "scheduler/errors.py": ("NeedsReason",),
        "scheduler/gaps.py": ALL,
        "scheduler/judge_course.py": ALL,
        "scheduler/judge_given.py": ALL,
        "scheduler/judge_moves.py": ALL,
        "scheduler/lengths.py": ALL,
        "scheduler/liver_watch.py": ALL,
        "scheduler/regimen.py": ("Cite",),
        "scheduler/remarks.py": ALL,
        "scheduler/tasks.py": ALL,
        "scheduler/toml_reader.py": ("shown", "did_you_mean"),
        "scheduler/why.py": ALL,
        "service/acknowledging.py": ALL,
        "service/api_tokens.py": ALL,
        "service/audit_search.py": ALL,
        "service/bounces.py": ("_act",),
        "service/carers.py": ALL,
        "service/clinic_settings.py": ALL,
        "service/closed_days.py": ALL,
        "service/config_values.py": ALL,
        "service/course_columns.py": ("COLUMNS",),
        "service/course_rows.py": ALL,
        "service/courses.py": ALL,
        "service/csv_text.py": ALL,
        "service/day_acts.py": ALL,
        "service/feeds.py": ALL,
        "service/handing_over.py": ALL,
        "service/import_batches.py": ALL,
        "service/importing.py": ALL,
        "service/languages.py": ALL,
        "service/loading.py": ("offered", "kept_regimen"),
        "service/mails.py": ALL,
        "service/messages.py": ALL,
        "service/page_links.py": ALL,
        "service/passwords.py": ALL,
        "service/patients.py": ALL,
        "service/posting.py": ALL,
        "service/prints.py": ALL,
        "service/public_holidays.py": ALL,
        "service/queries.py": ALL,
        "service/safety.py": ("unreachable",),
        "service/sample_mails.py": ALL,
        "service/sending.py": ("pause", "settle"),
        "service/sessions.py": ALL,
        "service/settings_change.py": ALL,
        "service/sign_in_limits.py": ALL,
        "service/starting.py": ALL,
        "service/steps.py": ALL,
        "service/unsubscribing.py": ALL,
        "service/users.py": ALL,
        "service/worklist_acts.py": ALL,
        "db/audit_store.py": ALL,
        "db/outbox_claims.py": ALL,
        "reminders/breaker.py": ALL,
        "reminders/dispatch.py": ALL,
        "reminders/links.py": ALL,
        "reminders/outbox.py": ALL,
        "reminders/post.py": ALL,
        "reminders/recheck.py": ALL,
    }
)

# Where others of these folders write texts, and who reads them: no page. A module that is in neither list fails a test.
SILENT: Mapping[str, str] = MappingProxyType(
    {
        "scheduler/accepting.py": "a reason that is recorded, and stays as it was",
        "scheduler/choices.py": "a reason that is asked of the judges and never kept",
        "scheduler/day_facts.py": "keys",
        "scheduler/dose_id.py": "the name of a dose",
        "scheduler/events.py": "keys",
        "scheduler/regimen_*.py": "faults of a regimen's file: the command line reads it",
        "service/audit.py": "the command line",
        "service/catalogue.py": "files: the command line, and the log when the program starts",
        "service/changes_text.py": "the command line",
        "service/cli.py": "the command line",
        "service/cli_*.py": "the command line",
        "service/clock.py": "the API",
        "service/config.py": "files: the command line, and the log when the program starts",
        "service/demo.py": "names of a demo",
        "service/explaining.py": "the command line",
        "service/feed_fetching.py": "the command line",
        "service/health.py": "the command line",
        "service/own_settings.py": "places of faults, of which a page shows the settings' names",
        "service/page_choices.py": "the patient, and names of feeds",
        "service/patient_page.py": "the patient, and who it was in the audit",
        "service/plan_table.py": "the command line",
        "service/planning.py": "the command line",
        "service/regimen_*.py": "pages of the documentation",
        "service/serving.py": "names of calendar programs",
        "service/tables.py": "the command line",
        "service/way_out.py": "the log",
        "service/wiring.py": "the command line, and the log when the program starts",
        "service/worker.py": "the log",
        "db/backup.py": "the command line",
        "db/engine.py": "SQL, and the log: a page says that the database gives no answer",
        "db/feed_reader.py": "SQL",
        "db/tables.py": "SQL",
        "db/worklist_store.py": "SQL",
        "db/migrations/**.py": "SQL",
        "reminders/channels/*.py": "the log; what comes to a page is told besides",
        "reminders/mime.py": "the frame of a mail",
        "reminders/policy.py": "the command line",
    }
)

ASIDE: Mapping[str, str] = MappingProxyType(
    {
        "replaces": "a field's name",
        "action": "a field's name",
        "{name}:private": "a mark of a field",
        "checks {list}": "identifies a remark",
        "number of cycles": "identifies a remark",
        "{audience} {kind} {list}": "identifies a remark",
        "{last} of ": "identifies a remark",
        "{facts} {names}": "identifies a remark",
        "{} of birth control": "told as a whole, with whom it is asked of",
        "birth control": "told as a whole, with whom it is asked of",
        " for a patient who can become pregnant": "told as a whole, with what is asked",
        " for a patient's partner": "told as a whole, with what is asked",
        "{} without breastfeeding": "told as a whole",
        "{upper}{what}: {unread}": "told as {what}: {unread}, in which the first letter may be large",
        "{title}, {section}": "the title of a document",
        "{day} {months} {year}": "a date, which is told as one",
        "{day_text} {day}": "a date and a time, which are told as such",
        '{"schema": 1, "entries": [': "the beginning of a file",
        "settings of the clinic": "the place of faults, of which a page shows the settings' names",
        "action {number}, ": "a piece of action {number}, {fault}",
        '"2026-12-24 to 2027-01-01 Christmas", "2026-12-31"': "typed as an example",
        "API {name}": "the name of who did it",
        "user disabled": "kept for the audit",
        "replace {feed_id}": "identifies a request",
        "replace page {page_id}": "identifies a request",
        "{request_id} page": "identifies a request",
        "Patient Example": "typed as an example",
        "C1D1 2026-09-14; C1D8 2026-09-22 (holiday)": "typed as an example",
        "C1D8 2026-09-21": "typed as an example",
        '["mon", "tue"]': "typed as an example",
    }
)

# Texts of a catalogue that no single expression makes: words that stand as values, and texts put together elsewhere.
BESIDES: Mapping[str, str] = MappingProxyType(
    {
        "and": "joins names of agents",
        "{what}: {unread}": "advice_unverified",
        "{amount} hours": "length_text",
        "{amount} days": "length_text",
        "{amount} weeks": "length_text",
        "{amount} months": "length_text",
        "1 hour": "length_text",
        "1 week": "length_text",
        "1 month": "length_text",
        "{length} of birth control for a patient who can become pregnant": "advice_unverified",
        "birth control for a patient who can become pregnant": "advice_unverified",
        "{length} of birth control for a patient's partner": "advice_unverified",
        "birth control for a patient's partner": "advice_unverified",
        "{length} without breastfeeding": "advice_unverified",
        "is": "SPOKEN in why",
        "{offset} {choice} before the end of cycle {cycle}, {day_text}": "why, of a check at a cycle's end",
        "{offset} {choice} after the end of cycle {cycle}, {day_text}": "why, of a check at a cycle's end",
        "on the same day as the end of cycle {cycle}, {day_text}": "why, of a check at a cycle's end",
        "was given on {on}": "before, without its remedy",
        "is omitted": "before, without its remedy",
        "is cancelled, since treatment was ceased": "before, without its remedy",
        "none": "carers, of days before a visit",
        "{codes} at {step}": "the answer of a mail server, by reminders/channels",
        "gone at {step}": "the answer of a mail server",
        "no answer": "the answer of a mail server",
        "no SMTPUTF8": "the answer of a mail server",
        "the end of DATA": "a step of the conversation with it",
        "bounced {status}": "bounces",
        "delayed {status}": "bounces",
        "Monday": "a day on which the clinic is closed",
        "Tuesday": "a day on which the clinic is closed",
        "Wednesday": "a day on which the clinic is closed",
        "Thursday": "a day on which the clinic is closed",
        "Friday": "a day on which the clinic is closed",
        "Saturday": "a day on which the clinic is closed",
        "Sunday": "a day on which the clinic is closed",
        "given": "a kind of action",
        "defer": "a kind of action",
        "hold": "a kind of action",
        "resume": "a kind of action",
        "omit": "a kind of action",
        "cycle-length": "a kind of action",
        "cycles": "a kind of action",
        "intent": "a kind of action",
        "response": "a kind of action",
        "time": "a kind of action",
        "audience": "a kind of action",
        "away": "a kind of action",
        "cease": "a kind of action",
        "regimen": "a kind of action",
        "void": "a kind of action",
        "retry": "what became of a try",
        "refused": "what became of a try",
        "rejected": "what became of a try",
        "barred": "what became of a try",
        "lost": "what became of a try",
        "ours": "what became of a try",
    }
)

_WORD = re.compile(r"[^\W\d_]")
_DEFS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_TAKES_FIRST = {"str", "abs", "max", "min", "repr", "sum", "len"}
_JOINS = re.compile(r"\}\W* \W*\{")
_PLACE = re.compile(r"\{\w*\}")


def spoken() -> dict[str, str]:
    """Each text that reaches a page, with the place of its first appearance."""
    found: dict[str, str] = {}
    for path, names in SPEAKERS.items():
        source = (ROOT / path).read_text(encoding="utf-8")
        for line, text in texts_in(source, names, core=path.startswith("scheduler/")):
            if text not in ASIDE:
                found.setdefault(text, f"{path}:{line}")
    return found


def library() -> set[str]:
    """The words of the regimens that come along: kinds of checks, and names that say more than which drugs they hold."""
    found = set()
    for file in REGIMENS.glob("*.toml"):
        regimen = tomllib.loads(file.read_text(encoding="utf-8"))
        found |= {task["kind"] for task in regimen.get("tasks", ())}
        drugs = {agent["name"].lower() for agent in regimen["agents"].values()}
        if regimen["name"].lower() not in drugs:
            found.add(regimen["name"])
    return found


def texts_in(source: str, names: tuple[str, ...] = ALL, *, core: bool = True) -> Iterator[tuple[int, str]]:
    """The texts of a module by the rule above, each with its line."""
    for part in _parts(ast.parse(source), names):
        yield from _Texts(core=core).of(part)


def _parts(tree: ast.Module, names: tuple[str, ...]) -> list[ast.AST]:
    if not names:
        return [tree]
    found = [node for node in tree.body if not {_defined(node)}.isdisjoint(names)]
    assert len(found) == len(names), names
    return list(found)


def _defined(node: ast.stmt) -> str:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case _:
            return ""


class _Texts:
    """Walks the tree of one module."""

    def __init__(self, *, core: bool) -> None:
        self._core = core

    def of(self, node: ast.AST, *, choice: bool = False) -> Iterator[tuple[int, str]]:
        """The texts in it, each with its line. `choice`: of `a if … else b`, where one word is enough."""
        if isinstance(node, ast.JoinedStr | ast.Constant) or _is_sum(node):
            parts = _flat(node)
            text = pattern_of(parts)
            if self._counts(text, choice=choice):
                yield node.lineno, text
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from self.of(part.value)
        elif isinstance(node, ast.IfExp):
            yield from self.of(node.test)
            for branch in (node.body, node.orelse):
                yield from self.of(branch, choice=True)
        else:
            for child in _children(node):
                yield from self.of(child)

    def _counts(self, text: str, *, choice: bool) -> bool:
        if not _WORD.search(_PLACE.sub("", text)):
            return self._core and _JOINS.search(text) is not None
        return " " in text.strip() or (choice and self._core)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What stands inside, without what is never shown."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns") or _is_kept(node):
            continue
        children = value if isinstance(value, list) else [value]
        if name == "body" and isinstance(node, (*_DEFS, ast.Module)) and ast.get_docstring(node) is not None:
            children = children[1:]
        yield from (child for child in children if isinstance(child, ast.AST) and not _is_aside(child))


def _is_kept(node: ast.AST) -> bool:
    """What identifies a remark."""
    match node:
        case ast.keyword(arg="facts") | ast.Assign(targets=[ast.Name(id="facts")]):
            return True
        case _:
            return False


def _is_aside(node: ast.AST) -> bool:
    """A call of the log, or of a pattern."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id in ("log", "re")


def _is_sum(node: ast.AST) -> TypeGuard[ast.BinOp]:
    """Texts joined by +: at least one of them stands in quotes."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return False
    return any(isinstance(side, ast.JoinedStr) or _is_text(side) or _is_sum(side) for side in (node.left, node.right))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _flat(node: ast.AST) -> list[ast.expr]:
    """The pieces of a text: constants, and values in braces."""
    match node:
        case ast.Constant():
            return [node] if isinstance(node.value, str) else []
        case ast.JoinedStr(values=values):
            return values
        case ast.BinOp(left=left, right=right) if _is_sum(node):
            return [*_flat(left), *_flat(right)]
        case _:
            assert isinstance(node, ast.expr)
            return [ast.FormattedValue(value=node, conversion=-1)]


def pattern_of(parts: list[ast.expr]) -> str:
    """The text of these pieces, with a named placeholder for each value."""
    names: dict[str, str] = {}
    out = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            out += str(part.value)
            continue
        assert isinstance(part, ast.FormattedValue)
        shape = ast.unparse(part.format_spec) if part.format_spec is not None else ""
        expression = ast.unparse(part.value) + shape
        if expression not in names:
            name = "weekday" if "%A" in shape else _name(part.value)
            same = sum(1 for taken in names.values() if re.fullmatch(rf"{name}(_\d+)?", taken))
            names[expression] = f"{name}_{same + 1}" if same else name
        out += "{" + names[expression] + "}"
    return out


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name):
            return name.strip("_").lower()
        case ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Subscript(value=inner) | ast.BoolOp(values=[inner, *_]) | ast.BinOp(left=inner):
            return _name(inner)
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join")):
            return "list"
        case ast.Call(
            func=ast.Attribute(value=inner, attr="format" | "removesuffix" | "isoformat" | "lower" | "strip")
        ):
            return _name(inner)
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _TAKES_FIRST:
            return _name(first)
        case ast.Call(func=function):
            return _name(function)
        case ast.IfExp():
            return "choice"
        case _:
            return "value"
