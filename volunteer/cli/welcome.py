"""What a start prints: where to open it, and the demo's logins."""

from __future__ import annotations

from collections.abc import Iterator

from volunteer.cli.demo.logins import LOGINS, PASSWORD
from volunteer.config import Config


def welcome_lines(config: Config, *, demo: bool) -> Iterator[str]:
    """Plain lines, both languages."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    listens = f"http://{host}:{config.port}"
    yield ""
    yield f"  爱心存折 / love passbook   {listens}"
    if config.public_url != listens:
        yield f"  二维码里的地址 / in codes   {config.public_url}"
    yield ""
    if demo:
        yield "  演示数据：人物、楼栋、日期均为虚构。 / Demo data: people and dates are invented."
        yield f"  密码 / password   {PASSWORD}"
        for login in LOGINS:
            yield f"    {login.phone}   {login.words} / {login.words_en}"
        yield ""
