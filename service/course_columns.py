"""The columns of a table of courses: what an import reads and an export writes, with what each may hold."""

from dataclasses import dataclass

from service.csv_text import csv_line

AUDIENCES = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
ANSWERS = ("shown", "private", "no")
PAGE = """# Import and export of courses

*This page is made from the program: `infusions course import --columns` prints it.*

`infusions course import FILE` and the page *Import* take a table with a row for each course, as CSV: in UTF-8 (with or
without its mark) or UTF-16, with commas, semicolons or tabs. The first row names the columns, in any order; columns
that are not needed may be left out. `infusions course import --template` prints an empty table with one example; the
page has it to download. At most {rows} rows and {megabytes} MB are taken at once.

All rows are checked before the first is stored. Each refused row is named with its number (as a spreadsheet shows it),
the column, what is wrong and what to do. The good rows are stored if you choose so, or none.

A course with the same patient, regimen and first day as one that is there already is left alone, so the same file can
be taken in twice. An import starts courses; it changes none. No mail tells of what happened before. What carers and
patients chose of the clinic's mails is not carried over; whoever unsubscribed is exported without consent.

| column | what stands in it | example |
|---|---|---|
{columns}

**bold**: must be there. Dates are written as 2026-12-07, nothing else: 07/12 and 12/07 are told apart by nobody.

An export writes all columns, with what was recorded in `actions`. A cell that a spreadsheet would take for a formula
begins with an apostrophe, which an import takes away again.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, what it holds, an example; `needed`: it must be there."""

    name: str
    holds: str
    example: str = ""
    needed: bool = False


COLUMNS = (
    Column(name="patient", holds="The patient's name or code, for staff only.", example="Patient Example", needed=True),
    Column(
        name="regimen",
        holds="The regimen's id, as `infusions regimens list` shows it.",
        example="inotuzumab-ozogamicin",
        needed=True,
    ),
    Column(name="day1", holds="Day 1 of cycle 1.", example="2026-09-14", needed=True),
    Column(name="at", holds="Start of the infusion; empty: the clinic's usual hour.", example="09:00"),
    *(
        Column(
            name=name,
            holds="`shown`, `private` or `no`, as the patient answered. Needed where the regimen has it.",
            example="no",
        )
        for name in AUDIENCES
    ),
    Column(
        name="given",
        holds="What was given so far: visit and date, a reason in brackets where one is needed; semicolons between.",
        example="C1D1 2026-09-14; C1D8 2026-09-22 (holiday)",
    ),
    Column(name="omitted", holds="What was left out.", example="C1D15"),
    Column(name="moved", holds="What is put off to a date to come, written as in `given`.", example=""),
    Column(name="intent", holds="What the treatment leads to; empty: the regimen's first.", example="continue"),
    Column(name="cycles", holds="Number of cycles; empty: the regimen's.", example="6"),
    Column(name="cycle_lengths", holds="Lengths of cycles that differ, with blanks between.", example="1=28"),
    Column(name="jurisdiction", holds="Whose label is followed; empty: the clinic's country.", example="US"),
    Column(name="reason", holds="Why the start departs from the regimen."),
    Column(name="email", holds="The patient's mail address."),
    Column(name="consent", holds="`yes` or `no`: the patient agreed to mails. Needed with an address."),
    Column(name="language", holds="What the patient reads; empty: `en`.", example="en"),
    Column(name="spoken_language", holds="What the patient speaks, if it is another."),
    Column(name="interpreter", holds="`yes` where one is needed."),
    Column(name="patient_zone", holds="The patient's time zone; empty: the clinic's.", example="America/New_York"),
    Column(name="zone", holds="The clinic's time zone; empty: that of the settings.", example="America/New_York"),
    Column(name="guardian", holds="Who stands for a minor; then `guardian_relation` and a way to reach them."),
    Column(name="guardian_relation", holds="How they are related."),
    Column(name="guardian_phone", holds="Their telephone number."),
    Column(name="guardian_email", holds="Their mail address."),
    Column(name="guardian_consent", holds="`yes` or `no`: they agreed to mails. Needed with an address."),
    Column(name="carers", holds="Carers who get mails with consent, as an export writes them (JSON)."),
    Column(
        name="course",
        holds="The id that an export gives; only `follows` of a row below goes by it.",
    ),
    Column(name="follows", holds="The id of the earlier course, of the clinic or of a row above."),
    Column(name="actions", holds="All that was recorded, as an export writes it (JSON), instead of the three above."),
    Column(name="regimen_version", holds="The regimen's version; another one than the clinic's is refused."),
)
NAMES = tuple(column.name for column in COLUMNS)


def columns_page(rows: int, most_bytes: int) -> str:
    """The page of the documentation that explains the columns."""
    lines = [
        f"| {f'**{each.name}**' if each.needed else each.name} | {each.holds} | {each.example} |" for each in COLUMNS
    ]
    return PAGE.format(rows=rows, megabytes=most_bytes // 1_000_000, columns="\n".join(lines))


def template() -> str:
    """The names of the columns, and one made-up course as an example."""
    return csv_line(NAMES) + csv_line(column.example for column in COLUMNS)
