"""How much: a tenth in ``make test``, all of it in ``make faults``."""

from __future__ import annotations

import os

FULL = os.environ.get("FAULTS_VOLUME") == "full"


def volume(full: int) -> int:
    return full if FULL else full // 10
