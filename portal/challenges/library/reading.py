"""Reading the templates that come with the portal.

They are written in the language of the programme, not of the reader, because what is made from them
is: a folder ``de`` beside ``en`` holds those in German. A template without a text in a language is taken in English.
"""

import tomllib
from functools import cache
from pathlib import Path

from portal.challenges.rules.templates import Template, template_of

FOLDER = Path(__file__).parent
DEFAULT = "en"


@cache
def built_in(language: str = DEFAULT, folder: Path = FOLDER) -> dict[str, Template]:
    """Return the templates by key, in the order of the file names, in ``language`` (``de_CH``, ``de``, or English) as far as they are translated."""
    files = {path.stem: path for path in sorted((folder / DEFAULT).glob("*.toml"))}
    for name in (language.replace("-", "_").split("_")[0], language):
        if name != DEFAULT:
            files |= {path.stem: path for path in (folder / Path(name).name).glob("*.toml") if path.stem in files}
    return {key: template_of(tomllib.loads(path.read_text(encoding="utf-8"))) for key, path in files.items()}
