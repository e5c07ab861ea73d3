"""Draws cards in the background: fifty at a time, so that the page says how far it is.

The drawing grows in this process's memory; the database holds what was recorded for it. A runner
that takes a task over in the middle draws what was recorded before once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app

from volunteer.config import Config
from volunteer.documents.card import Card, card_of
from volunteer.documents.card_pages import CARDS_ON, TITLE, card_pages
from volunteer.documents.paint import PdfPages
from volunteer.domain.access import Scope
from volunteer.domain.tasks import Progress, TakenTask
from volunteer.domain.tokens import Keys
from volunteer.queries.cards import read_cards_of
from volunteer.services import card_prints as service
from volunteer.services.card_prints import AskedPrint


@dataclass
class _Drawing:
    """The pages of one task so far. ``waiting``: cards that do not fill a page yet."""

    task_id: int
    asked: AskedPrint
    pages: PdfPages = field(default_factory=lambda: PdfPages(TITLE))
    waiting: list[Card] = field(default_factory=list)
    residents: int = 0
    cards: int = 0

    def add(self, cards: Sequence[Card], residents: int) -> None:
        self.residents += residents
        self.cards += len(cards)
        self.waiting += cards
        full = len(self.waiting) // CARDS_ON[self.asked.wish.layout]
        self._draw(full * CARDS_ON[self.asked.wish.layout])

    def finish(self) -> bytes:
        self._draw(len(self.waiting))
        return self.pages.finish()

    def _draw(self, count: int) -> None:
        wish = self.asked.wish
        for sheet in card_pages(self.waiting[:count], wish.layout, strips=wish.strips):
            self.pages.add(sheet)
        del self.waiting[:count]


class CardPrinter:
    """Does a chunk of a print; see ``jobs.tasks.Chunk``."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._drawing: _Drawing | None = None

    def __call__(self, task: TakenTask, now: datetime) -> Progress:
        drawing = self._drawn_so_far(task, now)
        if task.done_steps < task.total_steps:
            progress = service.make_ready(task, now, keys=self._keys)
            self._draw(drawing, task, progress.done_steps, now)
            return progress
        self._drawing = None
        pdf = drawing.finish()
        result = {"cards": drawing.cards, "left_out": drawing.residents - drawing.cards}
        return service.keep_pages(task, pdf, result, data_dir=_config().data_dir, now=now)

    def _drawn_so_far(self, task: TakenTask, now: datetime) -> _Drawing:
        drawing = self._drawing
        if (
            drawing is None
            or drawing.task_id != task.task_id
            or drawing.residents != task.done_steps
        ):
            drawing = self._drawing = _Drawing(task.task_id, AskedPrint.of(task.arguments))
            while drawing.residents < task.done_steps:
                upto = min(drawing.residents + service.CHUNK, task.done_steps)
                self._draw(drawing, task, upto, now)
        return drawing

    def _draw(self, drawing: _Drawing, task: TakenTask, upto: int, now: datetime) -> None:
        residents = drawing.asked.resident_ids[drawing.residents : upto]
        holders = read_cards_of(Scope.of(task.community_id), task.community_id, residents, now)
        cards = [
            card_of(
                one,
                public_url=_config().public_url,
                keys=self._keys,
                with_strip=drawing.asked.wish.strips,
            )
            for one in holders
        ]
        drawing.add(cards, len(residents))


def forget_old_prints(now: datetime) -> Mapping[str, int]:
    """Pages are kept for a day."""
    return {"deleted": service.forget_old_pages(data_dir=_config().data_dir, now=now)}


def _config() -> Config:
    return cast(Config, current_app.extensions["config"])
