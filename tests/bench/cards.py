"""A thousand cards, from the press of the button to the file: recorded, drawn and kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench.databases import prepared
from tests.bench.village import settle
from tests.documents.rendered import codes_in, pages_of
from tests.town import Town
from volunteer.domain.access import Scope
from volunteer.domain.card_prints import Layout, PrintWish
from volunteer.domain.tasks import Progress, TakenTask
from volunteer.jobs.card_prints import CardPrinter
from volunteer.jobs.tasks import TaskWorker
from volunteer.services import card_prints as service
from volunteer.services.card_prints import AskedPrint
from volunteer.store import models as m
from volunteer.store.database import db

CARDS = 1_000


@dataclass(frozen=True)
class Print:
    """``read`` counts the codes that a reader found on the rendered pages; ``longest_ms`` is the
    longest chunk, drawing included."""

    seconds: float
    longest_ms: float
    megabytes: float
    read: int


def a_thousand(kind: str, *, read: bool) -> Print:
    """With strips and backs, as on the first day. Reading all codes takes half a minute."""
    with prepared(kind) as database, database.app.app_context():
        town = Town(database.app)
        settle(town, CARDS, 30)
        residents = tuple(db.session.scalars(db.select(m.Resident.id)))
        db.session.remove()
        by, scope = town.login(), Scope.of(town.community_id)
        asked = AskedPrint(residents, PrintWish(Layout.BOTH_SIDES, strips=True), "bench")
        now = datetime.now(UTC)
        task_id = service.ask_for_print(town.community_id, asked, by=by, now=now, scope=scope)
        printer, taken = CardPrinter(town.keys), []

        def chunk(task: TakenTask, at: datetime) -> Progress:
            began = time.perf_counter()
            progress = printer(task, at)
            taken.append(time.perf_counter() - began)
            return progress

        began = time.perf_counter()
        worker = TaskWorker({service.KIND: chunk}, "bench", lambda: now, lambda: True)
        worker.work_off()
        seconds = time.perf_counter() - began
        data_dir = database.app.extensions["config"].data_dir
        pdf = service.open_pages(task_id, data_dir=data_dir, by=by, now=now, scope=scope)
        db.engine.dispose()
    found = sum(len(codes_in(page)) for page in pages_of(pdf, 100)[::2]) if read else 0
    return Print(seconds, max(taken) * 1000, len(pdf) / 1e6, found)
