"""What is installed is ours alone: the top-level names are common words that another distribution could bring."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"hub", "signaling", "recorder", "web", "migrations"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return next(folder.glob("*.whl"))


def test_the_wheel_brings_only_our_names(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top = {Path(name).parts[0] for name in archive.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == OURS


def test_the_wheel_brings_templates_scripts_texts_and_migrations(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for path in ("web/templates/base.html", "web/static/js/page.js", "migrations/env.py"):
        assert path in names
    assert any(name.startswith("web/locale/en/") and name.endswith(".po") for name in names)
    assert any(name.startswith("migrations/versions/0001") for name in names)
    assert not any(name.startswith("tests") for name in names)


def test_no_other_distribution_brings_one_of_our_names() -> None:
    found = packages_distributions()
    for name in OURS:
        assert set(found.get(name, ["citizen-reception-hub"])) == {"citizen-reception-hub"}


def test_the_pinned_requirements_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert len(text) < 200_000
        pins = [line for line in text.splitlines() if "==" in line]
        assert pins
        assert all(line.endswith("\\") for line in pins)
    assert "resolved" not in (ROOT / "package-lock.json").read_text()


def test_what_tests_need_is_not_installed_twice() -> None:
    def names(file: str) -> set[str]:
        return {line.split("==")[0] for line in (ROOT / file).read_text().splitlines() if "==" in line}

    assert not names("requirements.txt") & names("requirements-dev.txt")
