"""Failed sign-ins of the last minutes, of all clinics: who signs in names none. Names and addresses come as digests."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, or_, select, update

from db.tables import SignInFailureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTry:
    """A try of that name from that address; `pending` until it is known whether it failed."""

    id: str
    name: str
    address: str
    at: datetime
    pending: bool = True


def add_try(session: Session, tried: StoredTry, *, forget_before: datetime) -> None:
    """Stores a try, and forgets those of all that are older than `forget_before`."""
    session.connection().execute(delete(SignInFailureRow).where(col(SignInFailureRow.at) <= forget_before))
    names = ("id", "name", "address", "at", "pending")
    session.add(SignInFailureRow(**{name: getattr(tried, name) for name in names}))
    session.flush()


def tries_beside(session: Session, tried: StoredTry, after: datetime) -> tuple[StoredTry, ...]:
    """The other tries of that name, or from that address, after that instant; the newest first."""
    row = SignInFailureRow
    query = select(row).where(or_(row.name == tried.name, row.address == tried.address))
    rows = session.exec(query.where(col(row.at) > after, col(row.id) != tried.id).order_by(col(row.at).desc()))
    return tuple(
        StoredTry(id=each.id, name=each.name, address=each.address, at=each.at, pending=each.pending) for each in rows
    )


def set_failed(session: Session, id_: str) -> None:
    """Notes that the try failed."""
    step = update(SignInFailureRow).where(col(SignInFailureRow.id) == id_)
    session.connection().execute(step.values(pending=False))


def drop_try(session: Session, id_: str) -> None:
    """Forgets one try."""
    session.connection().execute(delete(SignInFailureRow).where(col(SignInFailureRow.id) == id_))


def drop_tries(session: Session, tried: StoredTry) -> None:
    """Forgets all tries of that name from that address."""
    same = (col(SignInFailureRow.name) == tried.name, col(SignInFailureRow.address) == tried.address)
    session.connection().execute(delete(SignInFailureRow).where(*same))
