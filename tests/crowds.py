"""Many patients at once: copies of one stored course, each with its own address, made without folding a plan each."""

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from sqlalchemy import insert, select
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from service.wiring import App


def multiply(app: "App", course: UUID, count: int) -> set[str]:
    """Makes `count` patients like that of `course`, with the same events and messages; their addresses."""
    from db.engine import writing
    from db.tables import CourseRow, EventRow, OutboxRow, RevisionRow

    ids = [uuid5(course, f"{number}") for number in range(count)]
    with writing(app.engine) as session:
        connection = session.connection()

        def rows(of: type[SQLModel], key: str) -> list[dict[str, Any]]:
            table = of.__table__  # type: ignore[attr-defined]
            found = connection.execute(select(table).where(table.c[key] == course)).mappings()
            return [dict(row) for row in found]

        [original] = rows(CourseRow, "id")
        copies = [original | {"id": id_, "email": f"{id_}@patients.example"} for id_ in ids]
        for copy in copies:
            copy["fields"] = {**copy["fields"], **({"id": str(copy["id"])} if "id" in copy["fields"] else {})}
        connection.execute(insert(CourseRow), copies)
        for table in (RevisionRow, EventRow, OutboxRow):
            found = [{name: value for name, value in row.items() if name != "id"} for row in rows(table, "course_id")]
            connection.execute(insert(table), [row | {"course_id": id_} for id_ in ids for row in found])
    return {f"{id_}@patients.example" for id_ in ids}
