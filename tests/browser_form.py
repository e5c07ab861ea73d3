"""Filling in a form as a browser does: what stands in it is sent along with what was typed."""

from __future__ import annotations

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._select = ""
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = given.get("method", "").lower() == "post"
            if self._open:
                self.forms.append((given.get("action", ""), {}))
        elif self._open and tag == "select":
            self._select = given["name"]
        elif self._open and tag == "option" and self._select:
            fields = self.forms[-1][1]
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")
        elif self._open and tag == "input" and "name" in given:
            unticked = given.get("type") in ("radio", "checkbox") and "checked" not in given
            if not unticked:
                self.forms[-1][1][given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "form":
            self._open = False


def fields_of(page: str, action: str = "") -> dict[str, str]:
    """What the POST form with this action holds as the page shows it."""
    parser = _Forms()
    parser.feed(page)
    return next((fields for where, fields in parser.forms if where == action), {})
