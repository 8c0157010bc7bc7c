"""The texts of staff pages, gathered from what shows them: templates and the Python files of `web`.

Of a Python file: what `say`, `count` and `later` are called with (a constant may be a table: all its texts), what a form
is made of (`label`, `hint` and others by name, and the texts of fields made by a helper), and the words of codes.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2.ext import babel_extract

from service.audit import What
from service.languages import NOT_CHECKED

WEB = Path(__file__).parent.parent / "web"
NAMED = {"label", "hint", "missing", "title", "lead", "sentence", "none", "empty"}
FIELD_MAKERS = {"date_field", "dose_field", "number_field", "choice_field", "agent_field", "tick"}
FOR_PATIENTS = ("patient_", "unsubscribe")  # templates whose words are in calendars/wording
Key = str | tuple[str, str]  # a text, or the two forms of one that counts


@cache
def texts() -> dict[Key, str]:
    """Each text with the file that shows it first."""
    found: dict[Key, str] = {NOT_CHECKED: "service/languages.py"}
    for path in sorted(WEB.glob("templates/*.html")):
        if not path.name.startswith(FOR_PATIENTS):
            found |= {key: path.name for key in _of_template(path) if key not in found}
    for path in sorted((*WEB.glob("*.py"), *WEB.glob("pages/*.py"))):
        found |= {key: path.name for key in _of_python(path) if key not in found}
    return found | {what.replace("-", " ").capitalize(): "service/audit.py" for what in What}


# ---------------------------------------------------------------------------------------------------------------------


def _of_template(path: Path) -> Iterator[Key]:
    options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    with path.open("rb") as file:
        for _, _, key, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), options):
            if isinstance(key, str):
                yield key
            elif key is not None:
                yield str(key[0]), str(key[1])


def _of_python(path: Path) -> Iterator[Key]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from _of_call(node, node.func.id if isinstance(node.func, ast.Name) else "")


def _of_call(call: ast.Call, name: str) -> Iterator[Key]:
    if name == "count" and len(call.args) > 2:
        one, many = (argument.value for argument in call.args[:2] if isinstance(argument, ast.Constant))
        yield str(one), str(many)
    elif name in {"say", "later"}:
        yield from _strings(call.args[0])
    elif name in FIELD_MAKERS:
        yield from (text for each in call.args for text in _strings(each) if text[:1].isupper())
    for named in call.keywords:
        if named.arg in NAMED and name not in {"say", "count", "FastAPI"}:
            yield from (text for text in _strings(named.value) if text)


def _strings(node: ast.expr) -> Iterator[str]:
    """The texts of a constant: of a table its values, of a choice both."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Dict(values=values) | ast.Tuple(elts=values):
            for value in values:
                yield from _strings(value)
        case ast.IfExp(body=body, orelse=other):
            yield from _strings(body)
            yield from _strings(other)
        case ast.Call(func=ast.Name(id="dict" | "zip"), args=[*arguments]):
            for argument in arguments:
                yield from _strings(argument)
        case _:
            return
