"""Group commit: jobs that come while a transaction runs wait together and share the next one.

A check-in costs as many statements alone as forty do together, and SQLite lets one transaction
write at a time. So whoever comes first leads: it runs at once, with whatever waits already; those
who come meanwhile wait, and one of them leads the next group. Nobody waits for a group to fill.

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


class GroupCommit(Generic[Job, Answer]):
    """``commit`` records jobs of one key in one transaction: one answer a job, in their order.

    ``most``: what the weights of a group may add up to; a heavier job goes alone.
    """

    def __init__(self, commit: Callable[[Sequence[Job]], Sequence[Answer]], most: int) -> None:
        self._commit = commit
        self._most = most
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[_Ticket[Job, Answer]]] = {}
        """By key; a key is there while somebody leads."""

    def run(self, key: Hashable, job: Job, weight: int) -> Answer:
        """Wait until ``job`` is committed, by this thread or another; gives its answer, or raises
        what recording it raised."""
        ticket: _Ticket[Job, Answer] = _Ticket(job, weight)
        with self._lock:
            leads = key not in self._waiting
            if leads:
                self._waiting[key] = deque()
            else:
                self._waiting[key].append(ticket)
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
                waiting = self._waiting.get(key)
                if waiting and ticket in waiting:
                    waiting.remove(ticket)
                leads = ticket.leads
            if leads:
                self._hand_over(key)
            raise

    def _lead(self, key: Hashable, first: _Ticket[Job, Answer]) -> None:
        group = [first]
        try:
            group += self._companions(key, first.weight)
            self._record(group)
        except BaseException:
            # This thread is being ended. What became of the transaction the others cannot know.
            for ticket in group[1:]:
                ticket.error = OutcomeUnknown()
            raise
        finally:
            for ticket in group[1:]:
                ticket.wake.set()
            self._hand_over(key)

    def _companions(self, key: Hashable, weight: int) -> list[_Ticket[Job, Answer]]:
        companions = []
        with self._lock:
            waiting = self._waiting[key]
            while waiting and weight + waiting[0].weight <= self._most:
                weight += waiting[0].weight
                companions.append(waiting.popleft())
        return companions

    def _record(self, group: Sequence[_Ticket[Job, Answer]]) -> None:
        try:
            answers = self._commit([ticket.job for ticket in group])
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
                self._record([ticket])

    def _hand_over(self, key: Hashable) -> None:
        with self._lock:
            waiting = self._waiting[key]
            if not waiting:
                del self._waiting[key]
                return
            following = waiting.popleft()
            following.leads = True
        following.wake.set()
