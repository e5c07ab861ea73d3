"""Background work as values: what is to be done, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

LEASE = timedelta(seconds=60)
"""Work whose runner has not beaten for so long is free again, a task or a timed job: the runner was
killed."""


class LeaseLost(Exception):
    """Another runner has the task: whoever thought to hold it rolls its chunk back."""


@dataclass(frozen=True)
class NewTask:
    """Background work that somebody asks for; `arguments` are JSON, a step is a row or a card."""

    kind: str
    arguments: Mapping[str, Any]
    total_steps: int


@dataclass(frozen=True)
class TakenTask:
    """A task in the hands of one runner. `done_steps` is where the next chunk begins."""

    task_id: int
    community_id: int
    kind: str
    arguments: Mapping[str, Any]
    done_steps: int
    total_steps: int
    runner: str
    by: int | None
    """Login of who asked for it."""


@dataclass(frozen=True)
class Progress:
    """How far a chunk came. `result` says that it was the last one, and what came of it all."""

    done_steps: int
    result: Mapping[str, Any] | None = None
