"""Says how far a long load has come: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

BAR_CHARACTERS = 24


class Terminal(Protocol):
    """What is needed of an output stream."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


@dataclass
class Progress:
    """Counts steps of a known total and shows them in the running chapter's name."""

    total_steps: int
    out: Terminal
    done_steps: int = 0
    _title: str = ""
    _shown: str = ""

    @property
    def percent(self) -> int:
        return 100 * self.done_steps // max(self.total_steps, 1)

    def begin(self, title: str) -> None:
        self._title = title
        if not self.out.isatty():
            self._say(f"[{self.percent:3d} %] {title}\n")
        else:
            self._draw()

    def step(self, count: int = 1) -> None:
        self.done_steps += count
        if self.out.isatty():
            self._draw()

    def end(self, words: str) -> None:
        if self.out.isatty():
            self._say("\r\x1b[K")
        self._say(f"[{self.percent:3d} %] {words}\n")

    def _draw(self) -> None:
        filled = BAR_CHARACTERS * self.percent // 100
        bar = "█" * filled + "░" * (BAR_CHARACTERS - filled)
        line = f"{bar} {self.percent:3d} %  {self._title}"
        if line != self._shown:
            self._shown = line
            self._say(f"\r\x1b[K{line}")

    def _say(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()
