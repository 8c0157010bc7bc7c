"""Parts of a plan that not every reader asks for: a mail reads few of its tasks, and no advice."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar, overload

_T = TypeVar("_T")


class Late(Sequence[_T]):
    """The tuple that `make` gives, which is asked when somebody first looks; what it raises is raised then."""

    def __init__(self, make: Callable[[], tuple[_T, ...]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[_T, ...]:
        return self._make()

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
