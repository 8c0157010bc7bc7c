"""The languages: every catalogue whole, the same placeholders, right plurals and dates, no word that blames."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from string import Formatter

import pytest
from babel import Locale

from calendars import FORMATS
from calendars.view import ClinicCard, Detail
from calendars.wording import (
    Wording,
    opening,
    parse_wording,
    say_brief,
    say_date,
    say_list,
    say_moment,
    say_month,
    say_near,
    say_time,
    say_zone,
    weekdays,
)
from scheduler.errors import InvalidValue
from service.catalogue import load_wordings
from tests.calendar_plans import ARABIC, ENGLISH, SPANISH, WORDINGS, eventful
from tests.pdf_reader import text_of

CATALOGUES = {
    each.name.removesuffix(".po"): each.read_text(encoding="utf-8")
    for each in (files("calendars") / "wording").iterdir()
    if each.name.endswith(".po")
}
TRANSLATIONS = sorted(CATALOGUES.keys() - {"en"})
FORMS = {"en": 2, "es": 2, "ar": 6}
# Words that promise ("safe", "over", "free", "ends") or blame ("missed", "failed"), as patients would read them.
FORBIDDEN = {
    "en": r"\b(safe(ly|ty)?|over|free|ends|ended|miss(ed)?|fail(ed|s|ure)?|non-responder)\b",
    "es": r"\b(segur[oa]s?|a salvo|libres?|termin\w*|finaliz\w*|acab\w*|concluy\w*|perdi(ó|d[oa]s?)|falt(ó|ad[oa]s?)|fall(ó|ad[oa]s?|os?)|fracas\w*)\b",
    "ar": r"\b[وفبل]?(ال)?(آمنة?|أمان|انتهى|انتهت|[يت]نتهي|انتهاء|فاتك|فاتتك|فات|فائتة?|فوّت|تخلّف|فشل|فاشل)\b",
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# -- Whole -----------------------------------------------------------------------------------------------------------


def test_english_spanish_and_arabic_come_along() -> None:
    assert load_wordings().keys() == CATALOGUES.keys() == WORDINGS.keys() == FORBIDDEN.keys()


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_language_has_the_same_keys_and_placeholders_as_english(language: str) -> None:
    wording = WORDINGS[language]
    assert wording.messages.keys() == ENGLISH.messages.keys()
    for key, text in wording.messages.items():
        assert placeholders(text) == placeholders(ENGLISH.messages[key]), key


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_has_no_text_twice_or_fuzzy_and_the_order_of_the_english_one(language: str) -> None:
    keys = re.findall(r'^msgid "(.+)"$', CATALOGUES[language], re.MULTILINE)
    assert keys == re.findall(r'^msgid "(.+)"$', CATALOGUES["en"], re.MULTILINE)
    assert len(set(keys)) == len(keys)
    assert "fuzzy" not in CATALOGUES[language]
    assert f'"Language: {language}\\n"' in CATALOGUES[language]


@pytest.mark.parametrize("language", CATALOGUES)
def test_each_plural_has_all_the_forms_of_its_language(language: str) -> None:
    forms = FORMS[language]
    assert f"Plural-Forms: nplurals={forms};" in CATALOGUES[language]
    assert WORDINGS[language].plurals.keys() == ENGLISH.plurals.keys()
    for key, texts in WORDINGS[language].plurals.items():
        assert len(texts) == forms, key
        for text in texts:
            # "A date", "two dates": where a form is for one number alone, it may say it in a word.
            assert placeholders(text) | {"count"} == placeholders(ENGLISH.plurals[key][1]), (key, text)
        assert "{count}" in texts[-1], key


@pytest.mark.parametrize("language", CATALOGUES)
def test_plural_forms_are_chosen_as_cldr_does(language: str) -> None:
    """The rule in the catalogue's header and CLDR's agree on which numbers go together."""
    forms = FORMS[language]
    wording = Wording(
        language=language,
        messages={},
        plurals={"key": tuple(f"{{count}}/{number}" for number in range(forms))},
        plural_rule=WORDINGS[language].plural_rule,
    )
    ours = {number: wording.count("key", number).partition("/")[2] for number in range(1000)}
    theirs = {number: Locale(language).plural_form(number) for number in range(1000)}
    pairs = set(zip(ours.values(), theirs.values(), strict=True))
    assert len(pairs) == len(set(ours.values())) == len(set(theirs.values())) == forms


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "لا مواعيد في \u2068ديسمبر 2026\u2069"),
        (1, "موعد واحد في \u2068ديسمبر 2026\u2069"),
        (2, "موعدان في \u2068ديسمبر 2026\u2069"),
        (3, "3 مواعيد في \u2068ديسمبر 2026\u2069"),
        (10, "10 مواعيد في \u2068ديسمبر 2026\u2069"),
        (11, "11 موعدًا في \u2068ديسمبر 2026\u2069"),
        (100, "100 موعد في \u2068ديسمبر 2026\u2069"),
        (103, "103 مواعيد في \u2068ديسمبر 2026\u2069"),
    ],
)
def test_arabic_has_a_form_for_none_one_two_few_many_and_others(count: int, said: str) -> None:
    assert ARABIC.count("page.month", count, month="ديسمبر 2026") == said


def test_a_plural_that_is_missing_or_a_rule_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"wording en: there is no text for 'line\.come'"):
        ENGLISH.count("line.come", 1)
    with pytest.raises(InvalidValue, match="Plural-Forms"):
        Wording(language="en", messages={}, plural_rule="n +")


# -- Words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_text_for_patients_promises_or_blames(language: str) -> None:
    wording, forbidden = WORDINGS[language], re.compile(FORBIDDEN[language], re.IGNORECASE)
    texts = {key: text for key, text in wording.messages.items() if not key.startswith(("staff.", "digest."))}
    texts |= {key: " ".join(forms) for key, forms in wording.plurals.items()}
    assert {key: text for key, text in texts.items() if forbidden.search(text)} == {}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Then you are safe."),
        ("en", "Birth control ends on Monday."),
        ("en", "You missed a date."),
        ("es", "Después de esa fecha es seguro."),
        ("es", "La anticoncepción termina el lunes."),
        ("es", "Usted faltó a la cita."),
        ("ar", "بعد ذلك أنت في أمان"),
        ("ar", "ينتهي منع الحمل يوم الاثنين"),
        ("ar", "لقد فاتك الموعد"),
    ],
)
def test_the_list_of_forbidden_words_finds_them(language: str, text: str) -> None:
    assert re.search(FORBIDDEN[language], text, re.IGNORECASE)


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_no_copy_of_the_english_and_is_not_yet_checked(language: str) -> None:
    wording = WORDINGS[language]
    letters_alone = {key for key in ENGLISH.messages if key.startswith("state.") and ".letter" in key}
    same = {key for key, text in wording.messages.items() if text == ENGLISH.messages[key]} - letters_alone
    assert same <= {"event.may-change", "mail.check", "line.time-on"}, same
    assert not wording.checked
    assert ENGLISH.checked


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("level", ["", ".discreet"])
def test_the_letters_of_a_timeline_tell_its_states_apart(language: str, level: str) -> None:
    wording = WORDINGS[language]
    states = ("planned", "moved", "given", "omitted", "cancelled", "held")
    keys = [f"state.{state}.letter{level}" for state in states]
    letters = [wording.say(key if wording.has(key) else key.removesuffix(level)) for key in keys]
    assert len(set(letters)) == len(letters)
    assert {len(letter) for letter in letters} == {1}


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_first_paragraph_of_a_mail_fills_what_is_shown_beside_the_subject(language: str) -> None:
    for key in ("visit", "check", "date", "change"):
        lead = WORDINGS[language].messages[f"mail.lead.{key}"].replace("{date}", "1 May")
        assert len(lead) >= 150, (key, len(lead))


# -- Dates and numbers -----------------------------------------------------------------------------------------------

DAY = date(2026, 12, 7)
AT = datetime(2026, 12, 7, 14, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """A day as it is said: whole, near, where room is short, its month, and with a time."""

    whole: str
    near: str
    brief: str
    month: str
    moment: str


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", Said("Monday 7 December 2026", "Monday 7 December", "7 Dec", "December 2026", "Monday 7 December 2026, 14:05")),
        ("es", Said("lunes 7 de diciembre de 2026", "lunes 7 de diciembre", "7 dic", "Diciembre de 2026", "lunes 7 de diciembre de 2026, 14:05")),
        ("ar", Said("الاثنين 7 ديسمبر 2026", "الاثنين 7 ديسمبر", "7 ديسمبر", "ديسمبر 2026", "الاثنين 7 ديسمبر 2026، 14:05")),
        ("de", Said("Montag, 7. Dezember 2026", "Montag, 7. Dezember 2026", "7. Dez.", "Dezember 2026", "Montag, 7. Dezember 2026, 14:05")),
    ],
)  # fmt: skip
def test_dates_have_weekday_and_month_in_words(language: str, said: Said) -> None:
    found = Said(
        say_date(DAY, language),
        say_near(DAY, language),
        say_brief(DAY, language),
        say_month(DAY, language),
        say_moment(AT, language),
    )
    assert found == said
    assert weekdays(language)[0][1] == said.whole.split(",")[0].split(" ")[0], "the week starts on Monday"


@pytest.mark.parametrize("language", CATALOGUES)
def test_digits_are_those_of_telephone_keys_and_hours_are_the_same_in_all_languages(language: str) -> None:
    """Two people who speak of one time, or dial a number, read the same signs."""
    assert say_time(AT, language) == "14:05"
    for detail in Detail:
        for name, form in FORMATS.items():
            body = form.render(eventful().view(wording=WORDINGS[language], detail=detail))
            text = text_of(body) if name == "pdf" else body.decode()
            strange = {char for char in text if char.isdigit() and not char.isascii()}
            assert not strange, (name, detail)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "a, b and c"), ("es", "a, b y c"), ("ar", "\u2068a\u2069 و\u2068b\u2069 و\u2068c\u2069")]
)  # fmt: skip
def test_lists_are_enumerated_as_people_do(language: str, said: str) -> None:
    assert say_list(["a", "b", "c"], language) == said


@pytest.mark.parametrize(
    ("zone", "english", "spanish", "arabic", "because"),
    [
        ("America/New_York", "Eastern Time", "hora oriental", "التوقيت الشرقي لأمريكا الشمالية", "the same in all seasons"),
        ("Europe/Dublin", "Ireland Time", "hora de Irlanda", "توقيت أيرلندا", "its winter is no standard time in the zones' data"),
        ("Asia/Kolkata", "India Time", "hora de India", "توقيت الهند", "no number where a name is known"),
        ("UTC", "UTC", "UTC", "UTC", "no place: its own name"),
        ("Etc/GMT+5", "Etc/GMT+5", "Etc/GMT+5", "Etc/GMT+5", "no place either"),
    ],
)  # fmt: skip
def test_a_zone_is_named_as_people_do(zone: str, english: str, spanish: str, arabic: str, because: str) -> None:
    assert [say_zone(zone, language) for language in ("en", "es", "ar")] == [english, spanish, arabic], because


def test_a_line_opens_with_a_capital_where_the_script_has_them() -> None:
    assert opening(say_date(DAY, "es")) == "Lunes 7 de diciembre de 2026"
    assert opening(say_date(DAY, "ar")) == say_date(DAY, "ar")
    assert opening("") == ""


# -- From the right --------------------------------------------------------------------------------------------------


def test_directions() -> None:
    assert {language: wording.direction for language, wording in WORDINGS.items()} == {
        "ar": "rtl",
        "en": "ltr",
        "es": "ltr",
    }


@pytest.mark.parametrize(
    ("key", "values", "shown"),
    [
        ("mail.number", {"phone": "555-0100"}, "رقمنا هو \u2068555-0100\u2069."),
        ("guide.fever", {"threshold": "38 °C (100.4 °F)"}, "حرارة \u206838 °C (100.4 °F)\u2069 أو أكثر: اتصل فورًا، نهارًا أو ليلًا."),
        ("page.span", {"start": "09:00", "end": "10:00"}, "من \u206809:00\u2069 إلى \u206810:00\u2069"),
        ("event.infusion.full", {"drug": "inotuzumab ozogamicin", "cycle": 1, "day": 8}, "التسريب الوريدي: \u2068inotuzumab ozogamicin\u2069، الدورة 1، اليوم 8"),
    ],
)  # fmt: skip
def test_times_numbers_and_names_keep_their_own_order_in_an_arabic_sentence(
    key: str, values: dict[str, object], shown: str
) -> None:
    assert ARABIC.say(key, **values) == shown


def test_a_list_of_latin_names_runs_from_the_right_and_keeps_each_name() -> None:
    said = ARABIC.say("event.home.full", checks=say_list(["dexamethasone", "فحص العينين"], "ar"))
    assert said == "في البيت: \u2068\u2068dexamethasone\u2069 وفحص العينين\u2069"
    assert say_list(["تعداد الدم", "فحوص الكبد"], "ar") == "تعداد الدم وفحوص الكبد"


def test_isolates_are_closed_and_stand_in_no_other_language() -> None:
    for detail in Detail:
        for name, form in FORMATS.items():
            for wording in WORDINGS.values():
                body = form.render(eventful().view(wording=wording, detail=detail))
                text = text_of(body) if name == "pdf" else body.decode().replace("\r\n ", "")
                assert text.count("\u2068") == text.count("\u2069"), name
                assert ("\u2068" in text) <= (wording is ARABIC)


def test_a_name_of_another_script_is_not_turned_round() -> None:
    clinic = ClinicCard(name="عيادة النهر", phone="+1 (555) 010-0100")
    entries = eventful().view(wording=ARABIC, clinic=clinic).entries
    first = next(entry for entry in entries if entry.key == "c1d1/infusion")
    assert "\u2068+1 (555) 010-0100\u2069" in first.description
    assert SPANISH.isolated("555-0100") == "555-0100"


def test_a_header_tells_which_translation_no_clinician_has_read() -> None:
    header = 'msgid ""\nmsgstr ""\n"Language: es\\n"\n{}\nmsgid "a"\nmsgstr "x"\n'
    assert parse_wording("es", header.format("")).checked
    assert not parse_wording("es", header.format('"X-Clinician-Check: pending\\n"\n')).checked
