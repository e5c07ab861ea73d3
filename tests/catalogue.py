"""The Chinese catalogue against the messages in code and templates.

``python -m tests.catalogue update`` adds new messages (empty), drops those no longer used and
fails while one has no Chinese; ``missing()`` is what the test asks.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "volunteer/translations/zh_Hans_CN/LC_MESSAGES/messages.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}


def extract() -> Catalog:
    """Every message in code and templates."""
    with (ROOT / "babel.cfg").open() as file:
        method_map, options_map = parse_mapping_cfg(file)
    template = Catalog(charset="utf-8", fuzzy=False)
    for path, line, message, comments, context in extract_from_dir(
        ROOT, method_map, options_map, KEYWORDS
    ):
        template.add(message, locations=[(path, line)], auto_comments=comments, context=context)
    return template


def load() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def missing(catalogue: Catalog, template: Catalog) -> list[str]:
    """Messages without complete, reviewed Chinese, each with where it stands."""
    gaps = []
    for message in template:
        if not message.id:
            continue
        known = catalogue.get(message.id, message.context)
        strings = known.string if known else ""
        complete = all(strings) if isinstance(strings, (tuple, list)) else bool(strings)
        if not strings or not complete or known.fuzzy:
            path, line = message.locations[0]
            gaps.append(f"{path}:{line}: {message.id!r}")
    return gaps


def update() -> int:
    catalogue, template = load(), extract()
    catalogue.update(template, no_fuzzy_matching=True, keep_user_comments=True)
    catalogue.obsolete.clear()
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=100, no_location=True, sort_output=True)
    gaps = missing(catalogue, template)
    for gap in gaps:
        print(gap)
    print(f"{len(gaps)} of {len(template)} messages have no Chinese")
    return 1 if gaps else 0


if __name__ == "__main__":
    if sys.argv[1:] != ["update"]:
        sys.exit("Usage: python -m tests.catalogue update")
    sys.exit(update())
