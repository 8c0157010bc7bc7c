"""Parts of a plan that not every reader asks for: a mail reads few of its tasks, and no advice."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

_T = TypeVar("_T")


class Late(Sequence[_T]):
    """The tuple that `make` gives, which is asked when somebody first looks; what it raises is raised then."""

    def __init__(self, make: Callable[[], tuple[_T, ...]]) -> None:
        self._make = make
        self._found: tuple[_T, ...] | None = None

    @property
    def _made(self) -> tuple[_T, ...]:
        # Two threads may make it twice: the same. A cached_property would let all that make any wait for each other.
        if self._found is None:
            self._found = self._make()
        return self._found

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        return self._made[index]

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[_T]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return self._made == (other._made if isinstance(other, Late) else other)

    def __hash__(self) -> int:
        return hash(self._made)

    def __repr__(self) -> str:
        return repr(self._made)
