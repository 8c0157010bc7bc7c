"""Long lists in parts, so that no page grows with what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from web.forms import whole_number

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[Item]):
    """One part of a list: `page` of `pages`, from 1."""

    items: Sequence[Item]
    page: int
    pages: int


def part(items: Sequence[Item], asked: str, size: int) -> Part[Item]:
    """The part of that number; the first where it is none, the last where there are fewer."""
    pages = max(1, -(-len(items) // size))
    page = min(max(whole_number(asked) or 1, 1), pages)
    return Part(items=items[(page - 1) * size : page * size], page=page, pages=pages)
