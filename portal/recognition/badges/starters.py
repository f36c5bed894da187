"""The badges we drew, to begin with: what stands in ``starters.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Starter:
    """One of them. A rule for a level names the level by its number here."""

    key: str
    name: str
    how: str
    art: str
    tone: str
    rule: str
    options: Mapping[str, Any]


STARTERS = tuple(Starter(**entry) for entry in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["badge"])
