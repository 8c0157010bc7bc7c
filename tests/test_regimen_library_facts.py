"""The library holds the facts of its table and no others: each number, and whether somebody read it in a document.

The tables below were typed from the table of facts, not from the files: a number with its mark (L: read in a label or
leaflet; everything else is not verified).
"""

import pytest

from scheduler import Regimen, parse_regimen
from scheduler.regimen import Statement
from service.regimen_words import cites
from tests.core import REGIMENS

IDS = sorted(path.stem for path in REGIMENS.glob("*.toml"))

# regimen, agent, jurisdiction: what holds for those who can become pregnant, whose partner can, who breastfeed.
WINDOWS = """
inotuzumab-ozogamicin            -                     -   8 months L    5 months L    2 months L
inotuzumab-ozogamicin-eu         -                     -   8 months L    5 months L    2 months L
gemtuzumab-ozogamicin-induction  -                     US  6 months ?    3 months M    1 month ?
gemtuzumab-ozogamicin-induction  -                     CH  7 months L    4 months L    1 month L
polatuzumab-br                   polatuzumab-vedotin   -   3 months L    5 months L    2 months L
polatuzumab-br                   rituximab             -   12 months S   not-stated -  6 months S
polatuzumab-br                   bendamustine          -   6 months M    3 months M    1 week S
trastuzumab-emtansine            -                     -   7 months L    4 months M    7 months L
trastuzumab-emtansine-early      -                     -   7 months L    4 months M    7 months L
trastuzumab-deruxtecan           -                     -   7 months L    4 months L    7 months L
sacituzumab-govitecan            -                     -   6 months L    3 months L    1 month L
enfortumab-vedotin               -                     US  2 months ?    4 months M    3 weeks ?
enfortumab-vedotin               -                     CH  6 months L    4 months L    3 weeks L
tisotumab-vedotin                -                     -   2 months L    4 months L    3 weeks L
brentuximab-vedotin              -                     -   6 months ?    6 months ?    not-stated -
loncastuximab-tesirine           -                     -   10 months S   7 months S    3 months S
mirvetuximab-soravtansine        -                     -   7 months L    not-stated -  1 month L
gemcitabine-nab-paclitaxel       gemcitabine           -   6 months S    3 months S    1 week M
gemcitabine-nab-paclitaxel       nab-paclitaxel        US  6 months M    3 months M    2 weeks M
gemcitabine-nab-paclitaxel       nab-paclitaxel        EU  1 month S     6 months S    not-stated -
paclitaxel-weekly                -                     -   not-stated -  not-stated -  not-stated -
paclitaxel-3-of-4-weeks          -                     -   not-stated -  not-stated -  not-stated -
carfilzomib                      -                     -   6 months L    3 months L    2 weeks L
bortezomib                       -                     -   not-stated -  not-stated -  not-stated -
blinatumomab                     -                     -   48 hours L    not-stated -  48 hours L
daratumumab-iv                   -                     -   3 months M    not-stated -  not-stated -
daratumumab-iv-bortezomib        -                     -   3 months M    not-stated -  not-stated -
folfox                           oxaliplatin           US  9 months S    6 months S    not-stated -
folfox                           oxaliplatin           CH  15 months S   12 months S   not-stated -
folfox                           fluorouracil          -   not-stated -  not-stated -  not-stated -
"""

# regimen, agent: infusion and observation in minutes by the ordinal of given doses, gap, tolerance of days after day 1.
TIMES = """
inotuzumab-ozogamicin            inotuzumab-ozogamicin      60           60     6 days    2
inotuzumab-ozogamicin-eu         inotuzumab-ozogamicin      60           60     6 days    2
gemtuzumab-ozogamicin-induction  gemtuzumab-ozogamicin      120          60     -         -
polatuzumab-br                   polatuzumab-vedotin        90,30        90,30  21 days   -
polatuzumab-br                   rituximab                  -            -      -         -
polatuzumab-br                   bendamustine               -            -      -         -
trastuzumab-emtansine            trastuzumab-emtansine      90,30        90,30  21 days   -
trastuzumab-emtansine-early      trastuzumab-emtansine      90,30        90,30  21 days   -
trastuzumab-deruxtecan           trastuzumab-deruxtecan     90,30        -      21 days   -
sacituzumab-govitecan            sacituzumab-govitecan      180,120      30     -         -
enfortumab-vedotin               enfortumab-vedotin         30           -      -         -
tisotumab-vedotin                tisotumab-vedotin          30           -      -         -
brentuximab-vedotin              brentuximab-vedotin        30           -      -         -
loncastuximab-tesirine           loncastuximab-tesirine     30           -      -         -
mirvetuximab-soravtansine        mirvetuximab-soravtansine  -            -      -         -
gemcitabine-nab-paclitaxel       gemcitabine                30           -      -         -
gemcitabine-nab-paclitaxel       nab-paclitaxel             30           -      -         -
paclitaxel-weekly                paclitaxel                 60           -      -         -
paclitaxel-3-of-4-weeks          paclitaxel                 60           -      -         -
carfilzomib                      carfilzomib                30           -      -         -
bortezomib                       bortezomib                 -            -      72 hours  -
blinatumomab                     blinatumomab               40320        -      -         -
daratumumab-iv                   daratumumab                420,240,210  -      -         -
daratumumab-iv-bortezomib        daratumumab                420,240,210  -      -         -
folfox                           oxaliplatin                120          -      -         -
folfox                           fluorouracil               2760         -      -         -
"""

# regimen: tables of cycles as count x length: days; number of cycles planned and at most.
CYCLES = """
inotuzumab-ozogamicin            1x21: 1,8,15 | 28: 1,8,15                6 6
inotuzumab-ozogamicin-eu         1x21: 1,8,15 | 28: 1,8,15                6 6
gemtuzumab-ozogamicin-induction  7: 1,4,7                                 1 1
polatuzumab-br                   21: 1,2                                  6 6
trastuzumab-emtansine            21: 1                                    6 open
trastuzumab-emtansine-early      21: 1                                    14 14
trastuzumab-deruxtecan           21: 1                                    6 open
sacituzumab-govitecan            21: 1,8                                  6 open
enfortumab-vedotin               28: 1,8,15                               6 open
tisotumab-vedotin                21: 1                                    6 open
brentuximab-vedotin              21: 1                                    16 16
loncastuximab-tesirine           21: 1                                    6 open
mirvetuximab-soravtansine        21: 1                                    6 open
gemcitabine-nab-paclitaxel       28: 1,8,15                               6 open
paclitaxel-weekly                7: 1                                     12 12
paclitaxel-3-of-4-weeks          28: 1,8,15                               4 open
carfilzomib                      12x28: 1,2,8,9,15,16 | 28: 1,2,15,16     6 open
bortezomib                       21: 1,4,8,11                             8 open
blinatumomab                     5x42: 1 | 84: 1                          9 9
daratumumab-iv                   8x7: 1 | 8x14: 1 | 28: 1                 24 open
daratumumab-iv-bortezomib        9x7: 1 | 5x21: 1 | 28: 1                 24 open
folfox                           14: 1                                    12 12
"""


def library() -> dict[str, Regimen]:
    return {id_: parse_regimen((REGIMENS / f"{id_}.toml").read_text(encoding="utf-8"), id_) for id_ in IDS}


def rows(table: str) -> list[list[str]]:
    """The cells of each row; two blanks or more stand between cells."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in table.strip().split("\n")]


def test_the_windows_are_those_of_the_table_and_read_where_it_says_so() -> None:
    expected = {
        (id_, agent, audience, where): (length, mark == "L")
        for id_, agent, where, *cells in rows(WINDOWS)
        for audience, (length, mark) in zip(
            ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding"),
            (cell.rsplit(" ", 1) for cell in cells),
            strict=True,
        )
    }
    found = {
        (id_, rule.agent if len(regimen.agents) > 1 else "-", rule.audience, where): (
            rule.length if rule.statement is Statement.LASTS else rule.statement.value,
            rule.cite.verified,
        )
        for id_, regimen in library().items()
        for rule in regimen.windows
        for where in ([rule.jurisdiction] if rule.jurisdiction else _where(id_, rule.agent))
    }
    assert found == expected


def _where(id_: str, agent: str) -> list[str]:
    """For which jurisdictions the table has rows: what a file says for all holds in each of them."""
    named = [where for each, of, where, *_ in rows(WINDOWS) if each == id_ and of in ("-", agent)]
    return list(dict.fromkeys(named))


def test_times_gaps_and_tolerances_are_those_of_the_table() -> None:
    found = [
        [
            id_,
            agent.key,
            ",".join(map(str, agent.times.infusion_minutes)) or "-",
            ",".join(map(str, agent.times.observation_minutes)) or "-",
            agent.gap.text if agent.gap else "-",
            ",".join({str(rule.tolerance_days) for day, rule in agent.day_rules.items() if rule.tolerance_days}) or "-",
        ]
        for id_, regimen in library().items()
        for agent in regimen.agents.values()
    ]
    assert sorted(found) == sorted(rows(TIMES))


def test_cycles_and_their_number_are_those_of_the_table() -> None:
    found = []
    for id_, regimen in library().items():
        tables = [
            f"{f'{each.count}x' if each.count else ''}{each.length}: {','.join(map(str, each.all_days()))}"
            for each in regimen.templates
        ]
        count = regimen.counts["continue"]
        found.append([id_, " | ".join(tables), f"{count.default} {count.maximum or 'open'}"])
    assert sorted(found) == sorted(rows(CYCLES))


@pytest.mark.parametrize("id_", [id_ for id_ in IDS if id_ != "inotuzumab-ozogamicin"])
def test_but_for_windows_nothing_was_read_of_the_others(id_: str) -> None:
    """The clinic's practice needs no document; of inotuzumab in the EU it was read for whom it is."""
    regimen = library()[id_]
    read = {cite.source.key for cite in cites(regimen) if cite.verified}
    windows = {rule.cite.source.key for rule in regimen.windows if rule.cite.verified}
    assert read - windows <= {"practice", "eu"}


def test_sources_that_were_not_opened_have_no_address() -> None:
    for id_, regimen in library().items():
        addresses = {cite.source.address for cite in cites(regimen)} - {""}
        assert bool(addresses) == id_.startswith("inotuzumab"), id_
