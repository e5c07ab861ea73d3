"""Every timed job and every kind of background task, by name.

A new job is a function of the time, with a schedule; a new kind of task is a service that does one
chunk (``jobs.tasks.Chunk``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from volunteer.domain.access import Scope
from volunteer.domain.tokens import Keys
from volunteer.jobs.card_prints import CardPrinter, forget_old_prints
from volunteer.jobs.demo_today import add_todays_event
from volunteer.jobs.runner import Job
from volunteer.jobs.schedule import each_local_day, every
from volunteer.jobs.tasks import Chunk
from volunteer.services import card_prints, residents_import, residents_import_undo
from volunteer.services.auto_close import close_forgotten
from volunteer.services.moves import carry_all_on
from volunteer.services.residents_upload import forget_unfinished
from volunteer.services.sign_in import forget_old_tries


def jobs_of(keys: Keys) -> Mapping[str, Job]:
    """The jobs by name."""
    return {
        "close_forgotten": Job(
            lambda now: {"closed": close_forgotten(now=now, scope=Scope.everything(), keys=keys)},
            every(timedelta(minutes=5)),
        ),
        "forget_old_tries": Job(
            lambda now: {"forgotten": forget_old_tries(now=now)}, each_local_day()
        ),
        "carry_moves_on": Job(
            lambda now: {"moves": carry_all_on(keys=keys, now=now)}, every(timedelta(minutes=2))
        ),
        "forget_unfinished_imports": Job(
            lambda now: {"forgotten": forget_unfinished(now=now)}, each_local_day()
        ),
        "forget_old_prints": Job(forget_old_prints, every(timedelta(minutes=10))),
        "demo_today": Job(add_todays_event, each_local_day(), at_start=True),
    }


def tasks_of(keys: Keys) -> Mapping[str, Chunk]:
    """What does a chunk of each kind of task."""
    return {
        residents_import.KIND: partial(residents_import.apply_chunk, keys=keys),
        residents_import_undo.KIND: residents_import_undo.undo_chunk,
        card_prints.KIND: CardPrinter(keys),
    }
