"""The house is held by machine: floors, rooms, the one place that commits, the clock at the doors only."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PORTAL = ROOT / "portal"
BELOW_THE_DOORS = ("rules", "models", "actions", "queries")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PORTAL.rglob("*.py")):
        yield path, ast.parse(path.read_text())


def is_below_the_doors(path: Path) -> bool:
    parts = path.relative_to(PORTAL).with_suffix("").parts
    return len(parts) > 1 and parts[1] in BELOW_THE_DOORS


def test_the_import_contracts_hold() -> None:
    script = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]


def test_only_the_kernel_commits() -> None:
    found = [str(p.relative_to(ROOT)) for p, _ in modules() if re.search(r"\.commit\(", p.read_text()) and p != PORTAL / "kernel" / "db.py"]
    assert found == []


def test_no_clock_is_read_below_the_doors() -> None:
    found = []
    for path, tree in modules():
        if path == PORTAL / "kernel" / "clock.py":
            continue
        for node in ast.walk(tree):
            reads = isinstance(node, ast.Attribute) and node.attr in ("utcnow", "now", "today") and isinstance(node.value, ast.Name)
            if reads and node.value.id in ("datetime", "date"):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
            if is_below_the_doors(path) and isinstance(node, ast.Name) and node.id in ("utcnow", "current_user"):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("name", ["utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "service", "services"])
def test_no_attic(name: str) -> None:
    assert list(PORTAL.rglob(f"{name}.py")) == []


def test_packages_hold_a_docstring_and_no_imports() -> None:
    bad = []
    for path in PORTAL.rglob("__init__.py"):
        tree = ast.parse(path.read_text())
        if not (len(tree.body) == 1 and ast.get_docstring(tree)):
            bad.append(str(path.relative_to(ROOT)))
    assert bad == []


def test_every_module_and_public_function_below_the_doors_says_what_it_is() -> None:
    silent = []
    for path, tree in modules():
        if not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and is_below_the_doors(path) and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert silent == []


def test_no_relationship_crosses_rooms() -> None:
    """Rooms are joined by foreign key and in queries, never by ORM relationships."""
    found = [str(p.relative_to(ROOT)) for p, _ in modules() if "models" in (p.stem, p.parent.name) and "relationship(" in p.read_text()]
    assert found == []
