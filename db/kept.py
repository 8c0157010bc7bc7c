"""One connection kept for many transactions, one after the other, as a pass over the outbox needs one for each mail.

To take a connection from the pool, to begin by way of a session and to give it back takes several times as long as what
such a transaction asks of the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from db.engine import BEGIN_TO_WRITE, KEPT, Engine, dbapi_of, driver_fault, driver_of, told_plainly


class Kept:
    """Transactions like those of `engine.writing`, all on one connection, for one thread; `close` gives it back.

    After whatever fails within one, the next has a connection of its own. Between two none is open: nobody waits.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dialect = engine.dialect
        self._session: Session | None = None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed at its end, or leaves nothing when anything is raised within; for statements,
        not for objects of tables. On SQLite it is the only writer from its beginning on."""
        with told_plainly(self._engine):
            try:
                session = self._begin()
                yield session
                self._commit(session)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Gives the connection back, and undoes what was not committed."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    # -----------------------------------------------------------------------------------------------------------------

    def _begin(self) -> Session:
        session = self._session
        if session is not None and self._is_cut(session):
            session.invalidate()
            session = None
        if session is None:
            session = self._session = Session(self._engine)
            session.connection(execution_options={KEPT: True})
        if self._dialect.name == "sqlite":  # PostgreSQL's driver begins by itself
            try:
                driver_of(session).execute(BEGIN_TO_WRITE)
            except self._dialect.loaded_dbapi.Error as fault:
                raise driver_fault(session, BEGIN_TO_WRITE, fault) from fault
        return session

    def _commit(self, session: Session) -> None:
        try:
            self._dialect.do_commit(driver_of(session))
        except self._dialect.loaded_dbapi.Error as fault:
            raise driver_fault(session, "COMMIT", fault) from fault

    def _is_cut(self, session: Session) -> bool:
        """Whether the server is gone that the connection led to: one that was started again since takes a new one."""
        if self._dialect.name == "sqlite":
            return False
        try:
            return not self._dialect.do_ping(dbapi_of(session))
        except self._dialect.loaded_dbapi.Error:
            return True
