"""Pages from templates, and the few files that they need. Read once when the program starts."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from scheduler.dates import zone_of
from service.clock import today_in
from service.remarks import rank
from service.users import SessionUser
from service.wiring import App
from service.worklist import count_lines
from web import date_words, words
from web.action_words import describe
from web.limits import PageLimits
from web.rights import Right, has_right
from web.speaking import count, language_label, speak, spoken, told_or_none

MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

# Whose clocks the page that is being made shows: parts of pages that others import know nothing of the page.
_zone: ContextVar[str] = ContextVar("zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file that pages refer to. Its address changes with its content, so browsers may keep it for good."""

    body: bytes
    media_type: str
    address: str


@dataclass(slots=True, kw_only=True)
class Site:
    """What the pages are made with. Each request has its own, whose `app` has the settings of the reader's clinic from
    the moment on that it is known who asks."""

    app: App
    templates: Environment
    assets: Mapping[str, Asset]
    page_limits: PageLimits = field(default_factory=PageLimits)

    @property
    def secure(self) -> bool:
        """Whether the service is reached by https."""
        return self.app.settings.server.public_url.startswith("https:")

    def turn_to(self, clinic_id: int) -> None:
        """From here on the pages of this request are those of that clinic."""
        self.app = self.app.of(clinic_id)

    def page(
        self, template: str, /, *, status: int = 200, who: SessionUser | None = None, **values: object
    ) -> Response:
        """The page of a template. `who` is signed in; without, the page has no menu."""
        shared = {
            "who": who,
            "may_set": who is not None and has_right(who.user.role, Right.SETTINGS),
            "may_audit": who is not None and has_right(who.user.role, Right.AUDIT),
            "may_manage": who is not None and has_right(who.user.role, Right.PEOPLE),
            "idle_seconds": self.app.settings.security.idle_minutes * 60,
            "may_record": who is not None and has_right(who.user.role, Right.RECORD),
            "to_do": count_lines(self.app, clinic_id=who.user.clinic_id) if who is not None else 0,
            "clinic": self.app.settings.clinic,
            "assets": self.assets,
        }
        _zone.set(self.app.settings.clinic.zone)
        if who is not None:
            speak(who.user.language)
        return HTMLResponse(self.templates.get_template(template).render(shared | values), status)


def make_site(app: App) -> Site:
    """The site of `app`, with templates and files read."""
    return Site(app=app, templates=_templates(app), assets=_assets())


async def site_of(request: Request) -> Site:
    """The site that the request came to, for this request alone."""
    site: Site = request.app.state.site
    return replace(site)


TheSite = Annotated[Site, Depends(site_of)]

# ---------------------------------------------------------------------------------------------------------------------


def _templates(app: App) -> Environment:
    # Everything that goes into a page is escaped, and a misspelt name fails instead of showing nothing.
    templates = Environment(
        loader=PackageLoader("web"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    checked = {code: wording.checked for code, wording in app.wordings.items()}

    def here(at: datetime) -> str:
        return words.moment_words(at.astimezone(zone_of(_zone.get())))

    def there(at: datetime, zone_name: str) -> str:
        return words.moment_words(at.astimezone(zone_of(zone_name)))

    def today() -> date:
        return today_in(_zone.get(), app.now())

    # A text over several lines of a template is one line in the catalogue.
    templates.policies["ext.i18n.trimmed"] = True
    templates.install_gettext_callables(_said, _counted, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    templates.globals |= {"clinic_today": today, "month_names": date_words.month_names, "spoken": spoken}
    filters: dict[str, Callable[..., object]] = {
        "shown": _said,  # a constant of a Python file
        "told": _told,  # a sentence of the core or a service
        "day": words.day_words,
        "clock": words.clock_words,
        "moment": words.moment_words,
        "here": here,  # an instant as the clinic's clocks show it
        "there": there,  # and as those of another zone do
        "events": words.events_words,
        "reason": lambda outcome: _told(words.reason_kept(outcome)),
        "role": words.role_words,
        "wants": words.wants_words,
        "answer": lambda answer: _told(words.answer_kept(answer)),
        "word": words.word,
        "window_word": words.window_word,
        "language": lambda code: language_label(code, checked=checked[code]) if code in checked else code,
        "cause_word": words.cause_word,
        "describe": describe,
        "span": _span,
        "lead": words.lead_words,
        "sentence": words.sentence,
        "runs": _runs,
        "breakable": _breakable,
        "state_word": words.state_word,
        "detail_level": words.detail_level,
        "token_state": words.token_state,
        "weekday": date_words.weekday_words,
        "permitted": date_words.permitted_words,
        "by_rank": lambda advice: sorted(advice, key=rank),
    }
    templates.filters |= {name: _while_made(filter_) for name, filter_ in filters.items()}
    return templates


def _while_made(filter_: Callable[..., object]) -> Callable[..., object]:
    """The filter, not called before a page is made: that of a constant would be worked out once, in English."""

    @pass_context
    def made(_: Context, *args: object, **named: object) -> object:
        return filter_(*args, **named)

    return made


def _told(text: str, *, whole: bool = False) -> str:
    """A sentence in the language of the page; `whole`: with a capital letter and a full stop. What has no translation
    is marked as English, so that a screen reader says it so."""
    found = told_or_none(text)
    said = words.sentence(found or text) if whole else found or text
    return said if found is not None or not said else Markup('<span lang="en">{}</span>').format(said)


def _said(text: str) -> str:
    return spoken().find(text)


def _counted(one: str, many: str, number: int) -> str:
    return spoken().form(one, many, number)


def _runs(items: Iterable[object], name: str) -> list[tuple[object, list[object]]]:
    """The items in groups of the same attribute, in their order (Jinja's own `groupby` sorts)."""
    return [(key, list(members)) for key, members in groupby(items, key=attrgetter(name))]


def _breakable(address: str) -> Markup:
    """A mail address that a narrow box breaks behind the @, if anywhere."""
    return escape(address).replace("@", Markup("@<wbr>"))


def _span(length: timedelta) -> str:
    minutes = max(1, -(-int(length.total_seconds()) // 60))
    return count("{count} minute", "{count} minutes", minutes)


def _assets() -> dict[str, Asset]:
    found = {}
    for file in files("web").joinpath("static").iterdir():
        media_type = MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            body = file.read_bytes()
            version = hashlib.sha256(body).hexdigest()[:12]
            address = f"/static/{file.name}?v={version}"
            found[file.name] = Asset(body=body, media_type=media_type, address=address)
    return found
