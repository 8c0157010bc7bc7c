"""Many patients at once: copies of one stored course, each with its own address, made without folding a plan each."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from sqlalchemy import insert, select
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from service.wiring import App


def multiply(app: "App", course: UUID, count: int, *, due: datetime | None = None) -> set[str]:
    """Makes `count` patients like that of `course`, with the same events and messages; their addresses.

    With `due` only the messages that are due by then, and the events that these are about: thousands of patients with
    all of theirs take a database server minutes to write.
    """
    from db.engine import writing
    from db.tables import CourseRow, EventRow, OutboxRow, RevisionRow

    ids = [uuid5(course, f"{number}") for number in range(count)]
    with writing(app.engine) as session:
        connection = session.connection()

        def rows(of: type[SQLModel], key: str) -> list[dict[str, Any]]:
            table = of.__table__  # type: ignore[attr-defined]
            found = connection.execute(select(table).where(table.c[key] == course)).mappings()
            return [row for row in map(dict, found) if due is None or _goes_by(due, row, told)]

        told: frozenset[str] = frozenset()
        if due:
            messages = OutboxRow.__table__  # type: ignore[attr-defined]
            asked = select(messages.c.event_key).where(messages.c.course_id == course, messages.c.send_after <= due)
            told = frozenset(connection.execute(asked).scalars())
        [original] = rows(CourseRow, "id")
        copies = [original | {"id": id_, "email": f"{id_}@patients.example"} for id_ in ids]
        for copy in copies:
            copy["fields"] = {**copy["fields"], **({"id": str(copy["id"])} if "id" in copy["fields"] else {})}
        connection.execute(insert(CourseRow), copies)
        for table in (RevisionRow, EventRow, OutboxRow):
            found = [{name: value for name, value in row.items() if name != "id"} for row in rows(table, "course_id")]
            connection.execute(insert(table), [row | {"course_id": id_} for id_ in ids for row in found])
    return {f"{id_}@patients.example" for id_ in ids}


# ---------------------------------------------------------------------------------------------------------------------


def _goes_by(due: datetime, row: Mapping[str, Any], told: frozenset[str]) -> bool:
    if "send_after" in row:
        return bool(row["send_after"] <= due)
    return row.get("key") in told if "sequence" in row else True
