"""Group commit: jobs that come while a transaction runs wait together and share the next one.

A check-in costs as many statements alone as forty do together, and SQLite lets one transaction
write at a time. So whoever comes first leads; those who come meanwhile wait, and one of them leads
the next group. A leader gathers its group when its transaction has begun, so who comes while it
waits for SQLite's lock goes along. Whoever comes alone waits for nobody; only right after a group
does the next leader wait a moment for one more than went along, for the crowd that was just
answered is about to come again.

An answer is given only when the transaction it was part of is committed. A process that dies takes
its waiting jobs with it, unanswered: they are sent again under the same ids.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from volunteer.store.database import OutcomeUnknown, db

OUTAGES = (OutcomeUnknown, OperationalError, InterfaceError, NoConnectionFree)
"""What fails a whole group: trying its jobs one by one would only take longer."""

PATIENCE_SECONDS = 0.008
"""How long the leader after a group waits for company; without it PostgreSQL's stay small."""

Job = TypeVar("Job")
Answer = TypeVar("Answer")


class _Ticket(Generic[Job, Answer]):
    """A job in the queue; ``wake`` is set when it has its answer or is to lead."""

    def __init__(self, job: Job, weight: int) -> None:
        self.job = job
        self.weight = weight
        self.wake = threading.Event()
        self.leads = False
        self.answer: Answer | None = None
        self.error: BaseException | None = None


class _Queue(Generic[Job, Answer]):
    """Who waits under a key while somebody leads."""

    def __init__(self) -> None:
        self.waiting: deque[_Ticket[Job, Answer]] = deque()
        self.hoped_for = 0
        """How many the leader would like to have waiting before it begins."""
        self.enough = threading.Event()


class GroupCommit(Generic[Job, Answer]):
    """``commit`` records jobs of one key in one transaction: one answer a job, in their order.

    It is given a function that says the jobs, to be called when the transaction has begun; called
    again, because the transaction is run again, it may say more of them. ``most``: what the
    weights of a group may add up to; a heavier job goes alone.
    """

    def __init__(
        self, commit: Callable[[Callable[[], Sequence[Job]]], Sequence[Answer]], most: int
    ) -> None:
        self._commit = commit
        self._most = most
        self._lock = threading.Lock()
        self._queues: dict[Hashable, _Queue[Job, Answer]] = {}
        """By key; a key is there while somebody leads."""

    def run(self, key: Hashable, job: Job, weight: int) -> Answer:
        """Wait until ``job`` is committed, by this thread or another; gives its answer, or raises
        what recording it raised."""
        ticket: _Ticket[Job, Answer] = _Ticket(job, weight)
        with self._lock:
            leads = key not in self._queues
            if leads:
                self._queues[key] = _Queue()
            else:
                queue = self._queues[key]
                queue.waiting.append(ticket)
                if len(queue.waiting) >= queue.hoped_for:
                    queue.enough.set()
        if not leads:
            self._wait(key, ticket)
        if leads or ticket.leads:
            self._lead(key, ticket)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.answer is not None
        return ticket.answer

    def _wait(self, key: Hashable, ticket: _Ticket[Job, Answer]) -> None:
        # A connection kept while waiting could be the one that the leader waits for.
        db.session.remove()
        try:
            ticket.wake.wait()
        except BaseException:
            # This thread is being ended: nobody may hand it the lead any more, or whoever comes
            # later would wait for ever.
            with self._lock:
                queue = self._queues.get(key)
                if queue and ticket in queue.waiting:
                    queue.waiting.remove(ticket)
                leads = ticket.leads
            if leads:
                self._hand_over(key, 0)
            raise

    def _lead(self, key: Hashable, first: _Ticket[Job, Answer]) -> None:
        group = [first]
        try:
            queue = self._queues[key]
            if queue.hoped_for:
                queue.enough.wait(PATIENCE_SECONDS)
            self._record(group, lambda: self._gather(queue, group))
        except BaseException:
            # This thread is being ended. What became of the transaction the others cannot know.
            for ticket in group[1:]:
                ticket.error = OutcomeUnknown()
            raise
        finally:
            for ticket in group[1:]:
                ticket.wake.set()
            self._hand_over(key, len(group) - 1)

    def _gather(
        self, queue: _Queue[Job, Answer], group: list[_Ticket[Job, Answer]]
    ) -> Sequence[Job]:
        """The jobs of ``group``, which grows by those who wait and whom it can carry."""
        weight = sum(ticket.weight for ticket in group)
        with self._lock:
            while queue.waiting and weight + queue.waiting[0].weight <= self._most:
                weight += queue.waiting[0].weight
                group.append(queue.waiting.popleft())
        return [ticket.job for ticket in group]

    def _record(
        self, group: list[_Ticket[Job, Answer]], gather: Callable[[], Sequence[Job]]
    ) -> None:
        try:
            answers = self._commit(gather)
            for ticket, answer in zip(group, answers, strict=True):
                ticket.answer = answer
        except OUTAGES as error:
            for ticket in group:
                ticket.error = error
        except Exception as error:
            # One job's own mistake; nothing of the group was kept, and its neighbours go on alone.
            if len(group) == 1:
                group[0].error = error
                return
            for ticket in group:
                self._record([ticket], lambda job=ticket.job: [job])  # type: ignore[misc]

    def _hand_over(self, key: Hashable, companions: int) -> None:
        """Let the first of those who wait lead. A leader that had ``companions`` lets the next one
        hope for as many."""
        with self._lock:
            queue = self._queues[key]
            if not queue.waiting:
                del self._queues[key]
                return
            following = queue.waiting.popleft()
            following.leads = True
            queue.hoped_for = companions + 1 if companions else 0
            queue.enough.clear()
            if len(queue.waiting) >= queue.hoped_for:
                queue.enough.set()
        following.wake.set()
