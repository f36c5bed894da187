"""What the documents name exists: files, commands, options, make targets, import fields."""

import re
import shlex
from pathlib import Path

import click
import pytest
from flask import Flask

from config import ROOT
from portal.app import COMMANDS
from portal.commands.demo.cast import PASSWORD
from portal.commands.demo.command import SIGN_INS
from portal.wiring import IMPORTERS

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
every_document = pytest.mark.parametrize("path", DOCS, ids=[path.name for path in DOCS])
IMPORTS = (ROOT / "docs" / "imports.md").read_text()


def code(text: str) -> list[str]:
    """Return what stands in code blocks, line by line, and in back-ticks, with lines that Markdown folded put together."""
    blocks = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`([^`]+)`", re.sub(r"^```\n.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return [line for block in blocks for line in block.splitlines()] + [" ".join(piece.split()) for piece in inline]


def flask_lines(text: str) -> list[list[str]]:
    """Return the words after ``flask`` of every command in a document."""
    found = [re.match(r"(?:\.venv/bin/)?flask (.+)", line) for line in code(text)]
    return [shlex.split(match.group(1), comments=True) for match in found if match]


@every_document
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text())
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


@every_document
def test_every_command_exists_with_its_options(path: Path) -> None:
    known = {command.name: command for command in COMMANDS}
    unknown = []
    for words in flask_lines(path.read_text()):
        command: click.Command | None = known.get(words[0])
        for word in words[1:]:
            if isinstance(command, click.Group):
                command = command.commands.get(word)
            elif command and word.startswith("--") and not any(word in option.opts + option.secondary_opts for option in command.params):
                command = None
        if command is None:
            unknown.append(" ".join(words))
    assert unknown == []


@every_document
def test_every_make_target_exists(path: Path) -> None:
    named = {match.group(1) for line in code(path.read_text()) if (match := re.match(r"make ([a-z]+)", line))}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named - targets == set()


def test_every_document_can_be_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [path.name for path in DOCS[2:] if f"(docs/{path.name})" not in readme] == []


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
def test_the_table_of_import_fields_is_true(importer: object) -> None:
    table = IMPORTS.split(f"**{importer.name}**")[1].split("\n\n")[1]  # type: ignore[attr-defined]
    told = re.findall(r"^\| `(\w+)` \| (yes)? ?\| (.+) \|$", table, re.MULTILINE)
    assert told == [(field.name, "yes" if field.is_required else "", field.help) for field in importer.fields]  # type: ignore[attr-defined]


def test_the_table_of_import_options_is_whole() -> None:
    group = next(command for command in COMMANDS if command.name == "import")
    assert isinstance(group, click.Group)
    options = {name for option in group.commands["companies"].params if isinstance(option, click.Option) for name in option.opts}
    assert set(re.findall(r"^\| `(--[a-z-]+)", IMPORTS, re.MULTILINE)) == options


def test_the_examples_of_imports_say_what_they_do(app: Flask) -> None:
    examples = [words for words in flask_lines(IMPORTS) if words[1:2] in (["companies"], ["activity"])]
    said = [re.sub(r"^Batch \d+: ", "", line) for line in re.findall(r"^`(Batch \d+: .*?)`", IMPORTS, re.MULTILINE)]
    results = [app.test_cli_runner().invoke(args=[*words, "--dry-run"]) for words in examples]
    assert [result.output.splitlines()[0].removeprefix("Dry run, nothing was written: ") for result in results] == said


def test_the_sign_ins_of_the_demo_stand_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    told = re.findall(r"^\| an? (\w+) \| `([a-z.]+)@[a-z.-]+` \|$", readme, re.MULTILINE)
    assert told == [(role, name.lower().replace(" ", ".")) for role, name in SIGN_INS]
    assert f"`{PASSWORD}`" in readme
