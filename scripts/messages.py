"""Collect every translatable message into portal/translations/messages.pot, and bring the catalogues beside it up to date.

A new language: ``pybabel init -i portal/translations/messages.pot -d portal/translations -l de``. Run by ``make messages``.
"""

import argparse
from pathlib import Path

import wtforms
from babel.messages.frontend import CommandLineInterface

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES = ROOT / "portal" / "translations"
TEMPLATE = CATALOGUES / "messages.pot"
# WTForms' own sentences ("This field is required.") come through our catalogue too.
SOURCES = [ROOT / "portal", ROOT / "templates", Path(wtforms.__file__).parent]
# No places and no dates in the file: it changes when a message does.
OPTIONS = [
    "-F",
    str(ROOT / "babel.cfg"),
    "-k",
    "N_",
    "-k",
    "_l",
    "--no-location",
    "--no-wrap",
    "--sort-output",
    "--project",
    "Laurel",
    "--version",
    "1",
]


def extract(target: Path) -> None:
    """Write the template of all messages to ``target``."""
    _pybabel("extract", *OPTIONS, "-o", str(target), *map(str, SOURCES))
    head, body = target.read_text(encoding="utf-8").split("\n\n", maxsplit=1)
    kept = ["msgid", "msgstr", '"Project-Id-Version', '"MIME-Version', '"Content-']
    target.write_text("\n".join(line for line in head.splitlines() if line.startswith(tuple(kept))) + "\n\n" + body, encoding="utf-8")


def update() -> None:
    """Merge the template into every language there is."""
    if any(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
        _pybabel("update", "-i", str(TEMPLATE), "-d", str(CATALOGUES), "--no-wrap")


def _pybabel(*words: str) -> None:
    CommandLineInterface().run(["pybabel", "-q", *words])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=Path, metavar="FILE", help="write the template there, and leave everything else alone")
    only = parser.parse_args().only
    extract(only or TEMPLATE)
    if not only:
        update()
