"""Statements that each mail asks for: put into the words of a database once, then handed to its driver as they are.

SQLAlchemy takes three to ten times as long to hand a statement to SQLite's driver as SQLite takes to run it. What it
knows is kept: the words of each database, and how values are written and read.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Dialect
from sqlmodel import Session

from db.engine import driver_fault, driver_of


class Prepared:
    """A statement with named values, for either database. All rows and counts come back at once."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._made: dict[str, _Made] = {}

    def rows(self, session: Session, **values: object) -> list[Any]:
        """The rows that it finds, or gives back from what it changes, as named tuples."""
        made = self._for(session)
        cursor = _run(session, made, made.filled(values))
        try:
            return [made.read(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def change(self, session: Session, each: Iterable[Mapping[str, object]]) -> int:
        """Runs it once with each of these values; how many rows it changed. PostgreSQL gets all in one journey."""
        made = self._for(session)
        filled = [made.filled(values) for values in each]
        if not filled:
            return 0
        cursor = _run(session, made, filled[0]) if len(filled) == 1 else _run(session, made, filled, each=True)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _for(self, session: Session) -> "_Made":
        dialect = session.get_bind().dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _make(self._statement, dialect)
        return made


# ---------------------------------------------------------------------------------------------------------------------

Process = Callable[[Any], Any]


class _Value(NamedTuple):
    """A place for a value: its name for the driver; its name in the statement and how it is written, or, without a
    name there, what always stands in it."""

    name: str
    key: str | None
    write: Process | None
    constant: object


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A statement in the words of one database."""

    text: str
    dialect: Dialect
    values: tuple[_Value, ...]
    names: tuple[str, ...]
    by_name: bool
    row: Callable[[Iterable[Any]], Any]
    readers: tuple[tuple[int, Process], ...]

    def filled(self, values: Mapping[str, object]) -> Any:
        """The values as the driver takes them."""
        written = [
            constant if key is None else write(values[key]) if write else values[key]
            for _, key, write, constant in self.values
        ]
        return dict(zip(self.names, written, strict=True)) if self.by_name else written

    def read(self, found: Iterable[Any]) -> Any:
        columns = list(found)
        for place, read in self.readers:
            columns[place] = read(columns[place])
        return self.row(columns)


def _make(statement: Any, dialect: Dialect) -> _Made:
    compiled = statement.compile(dialect=dialect)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    names = compiled.positiontup if compiled.positional else list(binds)
    columns = tuple(statement.exported_columns)
    processors = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
    return _Made(
        text=str(compiled),
        dialect=dialect,
        values=tuple(_value(name, binds[name], dialect) for name in names or ()),
        names=tuple(names or ()),
        by_name=not compiled.positional,
        row=_row_of([column.key for column in columns]),
        readers=tuple((place, read) for place, read in enumerate(processors) if read is not None),
    )


def _row_of(keys: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    name_fields: Any = namedtuple  # noqa: PYI024 - its fields are the statement's, which no reader of types can know
    made: Callable[[Iterable[Any]], Any] = name_fields("Row", keys)._make
    return made


def _value(name: str, bind: Any, dialect: Dialect) -> _Value:
    write = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if bind.required:
        return _Value(name, bind.key, write, None)
    return _Value(name, None, None, write(bind.value) if write else bind.value)


def _run(session: Session, made: _Made, filled: Any, *, each: bool = False) -> Any:
    cursor = driver_of(session).cursor()
    try:
        (cursor.executemany if each else cursor.execute)(made.text, filled)
    except made.dialect.loaded_dbapi.Error as fault:
        raise driver_fault(session, made.text, fault) from fault
    return cursor
