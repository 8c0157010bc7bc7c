"""What the core and the services say in English, told in Spanish: dates, refusals, remarks and reasons; nothing typed."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import Plan
from scheduler.actions import ACTION_KINDS, CeaseCause, HoldCause
from scheduler.regimen import AUDIENCES
from tests.core import REGIMENS
from tests.spoken import BESIDES, spoken
from tests.test_core_refusals import CASES, Case
from tests.test_regimen_library import IDS, example_of
from tests.test_sentences_catalogue import catalogue
from tests.test_worked_examples_replayed import plan_of
from web import sentences
from web.sentence_texts import FIELD, Text, variants
from web.sentence_values import As
from web.sentences import Teller, told, told_or_none

# A made-up catalogue: English in Greek letters. What shows in Latin ones was never translated, or stays as it is.
_GREEK = str.maketrans({chr(at + offset): chr(0x3B1 + offset % 24) for at in (65, 97) for offset in range(26)})
_KEPT = re.compile(rf"(^{FIELD.pattern}|\{{\w*\}})")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_MONTHS = {"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"}
_CODES = {
    *chain.from_iterable(each.split("-") for each in (*ACTION_KINDS, *AUDIENCES, *CeaseCause, *HoldCause)),
    *("CR", "CRi", "dose", "cycle", "course", "reason", "replaces", "agent", "ended", "started", "scope", "continue"),
}


def greek(text: str) -> str:
    """The text in Greek letters, with its field's name and its placeholders."""
    return "".join(
        part if _KEPT.fullmatch(part) else part.translate(_GREEK) for part in re.split(_KEPT, text) if part is not None
    )


MARKED = Teller("es", {text: greek(text) for text in catalogue("es").messages})


def left_in_english(sentence: str, names: set[str]) -> set[str]:
    """The words of a sentence that are none of `names` and were not told."""
    telling = MARKED.tell(sentence)
    assert telling is not None, sentence
    return set(_LATIN.findall(_QUOTED.sub("", without_field(telling)))) - names - _MONTHS - _CODES


def without_field(sentence: str) -> str:
    field = FIELD.match(sentence)
    return sentence.removeprefix(field.group()) if field else sentence


# --- What is told ----------------------------------------------------------------------------------------------------

TOLD = [
    (
        "a remark ends in a full stop, and its date is one of Spain's or Mexico's",
        "C1D8 on 14 Dec 2026: the clinic is closed on Mondays; 15 Dec 2026 is open.",
        "C1D8, el 14 dic 2026: la clínica cierra los lunes; el 15 dic 2026 está abierto.",
    ),
    (
        "a closed day that an admin named stays as it was typed",
        "C1D8 on 25 Dec 2026: Christmas; 28 Dec 2026 is open.",
        "C1D8, el 25 dic 2026: Christmas; el 28 dic 2026 está abierto.",
    ),
    (
        "a dose of one of several agents",
        "C2D1 carboplatin was planned for 1 Sep 2026 and is not recorded; urgent: nobody knows whether it was given.",
        (
            "C2D1 carboplatin estaba prevista para el 1 sept 2026 y no está registrada; urgente: nadie sabe si se "
            "administró."
        ),
    ),
    (
        "a source in brackets stays as the regimen's file names it",
        "Cycle 1 lasts 30 days; the regimen allows 21 to 28 (A book, 2.1).",
        "El ciclo 1 dura 30 días; el esquema permite de 21 a 28 (A book, 2.1).",
    ),
    (
        "a fact that nobody read",
        "8 months of birth control for a patient who can become pregnant: not verified, check the label.",
        (
            "8 meses de anticoncepción para una persona que puede quedar embarazada: no verificado, consultar la ficha "
            "técnica."
        ),
    ),
    (
        "a departure asks for a reason, and ISO dates stay",
        (
            "2026-12-18 is 4 days from where C1D8 belongs; the regimen allows 2026-12-14 and 2 days either side. This "
            "departs from the regimen: give a reason to record it."
        ),
        (
            "el 2026-12-18 está a 4 días de donde corresponde C1D8; el esquema permite el 2026-12-14 y 2 días a cada lado. "
            "Esto se aparta del esquema: indicar un motivo para registrarlo."
        ),
    ),
    (
        "a form takes the field's name away, and begins with a large letter",
        "Cannot omit C1D8: it was given on 2026-12-14; void that record first.",
        "No se puede omitir C1D8: ya se administró el 2026-12-14; anular primero ese registro.",
    ),
    (
        "the same with the field's name",
        "email: is empty; give the carer's mail address",
        "email: está vacío; indicar la dirección de correo del cuidador",
    ),
    (
        "a refusal inside another one, without its remedy",
        "action 3 (given) could not stand then: C1D1 was given on 2026-12-07. Void action 3 first",
        (
            "el registro 3 (administrada) ya no sería posible: C1D1 ya se administró el 2026-12-07. Anular primero el registro "
            "3"
        ),
    ),
    (
        "why a dose is on its date, its source last",
        (
            "Cycle 2 day 1 is 7 Jan 2027: cycle 1 day 1 was given 14 Dec 2026 and the cycle lasts 21 days (action 4); moved "
            "3 days later by action 5; A book, 2.1."
        ),
        (
            "Ciclo 2, día 1 es el 7 ene 2027: el día 1 del ciclo 1 se administró el 14 dic 2026 y el ciclo dura 21 días "
            "(registro 4); movida 3 días después por el registro 5; A book, 2.1."
        ),
    ),
    (
        "the codes of a server's answer stay",
        "450 at RCPT; please phone",
        "450 en RCPT; llamar por teléfono",
    ),
    (
        "a check before the end of a cycle",
        "3 Jan 2027: 2 days before the end of cycle 1, 5 Jan 2027; 4 Jan 2027 is closed, so the last open day before; B.",
        (
            "3 ene 2027: 2 días antes del final del ciclo 1, 5 ene 2027; el 4 ene 2027 está cerrado, por eso el último "
            "día abierto anterior; B."
        ),
    ),
    (
        "why a mail did not go, without what to do",
        "nothing goes to this address",
        "a esta dirección no sale nada",
    ),
    (
        "checks that nobody verified, and one that the clinic's own regimen has",
        "The checks (blood-count, ecg, vein-look): not verified, check the label.",
        "Los controles (hemograma, ECG, vein-look): no verificado, consultar la ficha técnica.",
    ),
    ("a server's answer that comes to a page alone", "450 4.2.0 at the end of DATA", "450 4.2.0 en el final de DATA"),
    ("what came back", "bounced 5.1.1; please phone", "devuelto 5.1.1; llamar por teléfono"),
    (
        "the words of a code that is meant",
        "audience: 'pregnant' is unknown; did you mean 'breastfeeding'?",
        "audience: 'pregnant' es desconocido; ¿se trata de 'breastfeeding'?",
    ),
    (
        "agents that a source says nothing of",
        "No end date: no source says how long after alpha and beta; ask the team before stopping.",
        (
            "Sin fecha final: ninguna fuente dice cuánto tiempo después de alpha y beta; preguntar al equipo antes de "
            "dejarlo."
        ),
    ),
]


@pytest.mark.parametrize(("why", "english", "spanish"), TOLD, ids=[why for why, _, _ in TOLD])
def test_a_sentence_is_told_with_its_dates_and_values(why: str, english: str, spanish: str) -> None:
    assert told(english, "es") == spanish, why


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_every_refusal_of_the_core_is_told(case: Case) -> None:
    assert not left_in_english(case.sentence, set())
    assert not left_in_english(without_field(case.sentence), set())  # as a form shows it beside the field


@pytest.mark.parametrize("id_", IDS)
def test_every_remark_and_every_reason_of_a_worked_example_is_told(id_: str) -> None:
    found = list(sentences_of(plan_of(example_of(id_))))
    assert len(found) > 5
    names = names_of(id_)
    assert {sentence: left for sentence in found if (left := left_in_english(sentence, names))} == {}


@pytest.mark.parametrize("id_", IDS)
def test_the_dates_of_a_telling_are_those_of_the_sentence(id_: str) -> None:
    for sentence in sentences_of(plan_of(example_of(id_))):
        assert dates_in(told(sentence, "es"), SPANISH) == dates_in(sentence, ENGLISH), sentence


ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
SPANISH = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"]


def dates_in(text: str, months: list[str]) -> list[date]:
    found = re.findall(rf"(\d{{1,2}}) ({'|'.join(months)}) (\d{{4}})", text)
    return sorted(date(int(year), months.index(month) + 1, int(day)) for day, month, year in found)


def sentences_of(plan: Plan) -> Iterator[str]:
    yield from (remark.message for remark in plan.advice)
    yield from (dose.why.sentence for dose in plan.doses())
    yield from (task.why.sentence for task in plan.tasks)
    yield from (window.why.sentence for window in plan.windows)


def names_of(id_: str) -> set[str]:
    """The words that a regimen's file brings along: its sources and where they say it, its agents and checks."""
    text = (REGIMENS / f"{id_}.toml").read_text(encoding="utf-8")
    return set(
        _LATIN.findall(" ".join(re.findall(r"(?:title|section|name|kind) = .*|^\[agents\..*", text, re.MULTILINE)))
    )


# --- What was typed --------------------------------------------------------------------------------------------------

HOSTILE = [
    ("a word of the catalogue as a name", "Hold"),
    ("the beginning of a sentence", "is taken, or there is no clinic"),
    ("a placeholder", "{day} {name} {"),
    ("a whole sentence of the catalogue", "the clinic is closed"),
    ("line breaks", "first\nsecond\r\nthird"),
    ("a thousand letters", "x" * 1000),
    ("a date as the core writes it", "7 Dec 2026"),
    ("marks of order", "\u202eabc\u2069"),
    ("nothing but blanks", "   "),
]


@pytest.mark.parametrize(("why", "typed"), HOSTILE, ids=[why for why, _ in HOSTILE])
def test_what_was_typed_stays_as_it_is(why: str, typed: str) -> None:
    for english, spanish in (
        (f"user '{typed}': is disabled; enable them first", f"user '{typed}': está desactivado; activarlo antes"),
        (f"is '{typed}' and the clinic has 3; empty it to start with that", f"es '{typed}' y la clínica tiene 3; "),
        (f"paused by {typed}", f"en pausa por {typed}"),
        (f"C1D8 on 14 Dec 2026: {typed}.", f"C1D8, el 14 dic 2026: {typed}."),
    ):
        if typed == "the clinic is closed" and english.startswith("C1D8"):
            assert told(english, "es") == "C1D8, el 14 dic 2026: la clínica está cerrada."  # ours, whoever wrote it
        else:
            assert told(english, "es").startswith(spanish), why


TWO_WAYS = [
    (
        "name 'x': is taken, and the audit names it; or there is no clinic 1; choose another': is taken, or there is no "
        "clinic 1; choose another"
    ),
    (
        "name 'x: is taken, or there is no clinic 1; choose another: is taken, and the audit names it; or there is no "
        "clinic 1; choose another"
    ),
]


@pytest.mark.parametrize("sentence", TWO_WAYS)
def test_a_sentence_that_can_be_read_in_two_ways_stays_english(sentence: str) -> None:
    assert told_or_none(sentence, "es") is None
    assert told(sentence, "es") == sentence


def test_what_is_no_sentence_of_ours_stays_english() -> None:
    for text in ("", " ", "Treatment goes on.", "Hold", "ada lovelace", "7 Dec 2026: moved", "x; y; z"):
        assert told_or_none(text, "es") is None, text


def test_english_is_what_it_was_and_an_unknown_language_knows_nothing() -> None:
    assert told("the plan", "en") == told_or_none("the plan", "en") == "the plan"
    assert told_or_none("the plan", "xx") is None


def test_reading_a_sentence_never_takes_long() -> None:
    """The steps are counted, not the time: of an ordinary sentence hundreds, and of no sentence more than STEPS."""
    for text in REPEATED:
        assert told_or_none(text * (sentences.LONGEST // len(text)), "es") is None
    assert (sentences.STEPS, sentences.DEPTH) == (4000, 20)


REPEATED = (
    "; ",
    ": ",
    " on ",
    " at ",
    "a (b) ",
    "follows: ",
    "1 day before ",
    "C1D1 on 7 Dec 2026: ",
    "C1D8 is omitted; void the omission first; ",
    "Cycle 1 day 8, x, is 7 Dec 2026: ",
    "7 Dec 2026: 1 day before C1D1, 7 Dec 2026; ",
    "cycle 1 day 1 was given 7 Dec 2026 and the cycle lasts 21 days ",
)


PIECES = sorted({piece for text in spoken() for piece in re.split(r"\{\w*\}", text) if piece.strip()})
hostile = st.lists(
    st.sampled_from(PIECES) | st.text(max_size=20) | st.sampled_from(["; ", ": ", " ", "C1D8", "7 Dec 2026", "'"]),
    max_size=8,
).map("".join)


repeated = st.builds(lambda parts, times: "".join(parts) * times, st.lists(hostile, max_size=3), st.integers(1, 200))


@given(hostile | repeated)
def test_no_text_breaks_the_telling(text: str) -> None:
    assert told(text, "en") == text
    assert isinstance(told(text, "es"), str)


# Values that are none of anybody's typing, by what becomes of them.
SAMPLES = {
    As.NUMBER: "3",
    As.DATE: "2026-12-07",
    As.DAY: "7 Dec 2026",
    As.DOSE: "C1D8",
    As.KEY: "reason",
    As.STATUS: "5.1.1",
    As.CODES: "450 4.2.0",
    As.STEP: "RCPT",
    As.TOLD: "the plan",
    As.LIST: "the plan; 7 Dec 2026",
    As.CUT: "the plan",
    As.WORD: "hold",
    As.KNOWN: "none",
    As.KINDS: "ecg, liver-tests",
    As.BESIDE: ", alpha,",
    As.QUIET: "the plan",
    As.NAMES: "alpha and beta",
}
TYPED = (As.LEFT, As.SHOWN, As.CLOSED, As.ANSWER, As.QUOTED)
TEXTS = [next(variants(key, telling)) for key, telling in catalogue("es").messages.items()]
TYPED_INTO = [text for text in TEXTS if not set(TYPED).isdisjoint(text.how)]


def said(text: Text, typed: list[str]) -> tuple[str, list[str]]:
    """A sentence of that text into which this was typed, and what of it stands there."""
    values: dict[str, str] = {}
    there: list[str] = []
    for name, how, few in zip(text.names, text.how, text.only, strict=True):
        if name in values:
            continue
        if how in TYPED:
            there.append(f"'{typed[len(there) % len(typed)]}'")
            values[name] = there[-1]
        else:
            values[name] = next((each for each in few if "{" not in each), SAMPLES[how])
    return re.sub(r"\{(\w+)\}", lambda place: values[place.group(1)], text.key), there


@given(st.sampled_from(TYPED_INTO), st.lists(hostile, min_size=3, max_size=3))
def test_a_telling_holds_each_typed_value_unchanged(text: Text, typed: list[str]) -> None:
    sentence, there = said(text, typed)
    telling = told(sentence, "es")
    assert all(value in telling for value in there)


@pytest.mark.parametrize("text", TYPED_INTO, ids=[text.key[:60] for text in TYPED_INTO])
def test_each_sentence_with_something_typed_is_told(text: Text) -> None:
    sentence, there = said(text, ["Ünal-Łoś", "42b", "Zoë"])
    telling = told_or_none(sentence, "es")
    assert telling is not None
    assert all(value in telling for value in there)


def test_the_words_that_stand_as_values_are_told_on_their_own() -> None:
    """Only within a sentence: alone they may be a name."""
    assert told("action 3 (hold) could not stand then: x. Void action 3 first", "es").startswith("action 3 (hold)")
    assert told("retry: another try follows", "es") == "no aceptado por ahora: sigue otro intento"
    for text in BESIDES:
        assert " " in text or told_or_none(text, "es") is None
