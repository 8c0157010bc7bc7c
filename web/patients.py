"""Pages for patients and carers: reached by an address that is a secret, in their own language, without a session."""

from collections.abc import Collection
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from web import speaking
from web.render import Site

PATHS = ("/u/", "/p/")
HEADERS = {"Referrer-Policy": "no-referrer"}  # the address is a key


def is_for_patients(path: str) -> bool:
    """Whether the address leads to a page for patients."""
    return path.startswith(PATHS)


def patient_page(site: Site, template: str, language: str, /, *, status: int = 200, **values: object) -> Response:
    """The page of a template that builds on `patient_base.html`, in that language. `say` gives the words."""
    wording = site.app.wordings[language]
    words = {"say": wording.say, "count": wording.count, "language": language, "direction": wording.direction}
    response = site.page(template, status=status, who=None, **words, **values)
    response.headers.update(HEADERS)
    return response


def trouble_page(site: Site, request: Request, status: int, reference: str) -> Response:
    """What patients are told when a page fails: to try again or to call, and a number to name."""
    language = preferred(request, site.app.wordings)
    clinic = replace(site.app.settings.clinic, name="")  # a name can be a diagnosis
    return patient_page(site, "patient_trouble.html", language, status=status, reference=reference, clinic=clinic)


def preferred(request: Request, known: Collection[str]) -> str:
    """Of the languages that there are, the one that the reader's browser asks for first: all that is known of them."""
    return speaking.preferred(request.headers.get("accept-language", ""), known)
