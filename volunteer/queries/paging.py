"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

PAGE_ROWS = 25


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """``rows`` of page ``page`` (the first is 1) out of ``total`` rows."""

    rows: tuple[Row, ...]
    page: int
    total: int
    per_page: int = PAGE_ROWS

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def page_within(wanted: int, total: int, per_page: int = PAGE_ROWS) -> int:
    """``wanted`` if there is such a page, else the nearest one."""
    return min(max(1, wanted), max(1, -(-total // per_page)))
