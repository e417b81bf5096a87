"""What the documents name is there: files, modules and what they hold, make targets, settings, commands, links."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from typer.main import get_command

from hub.config import Config
from hub.main import app
from tests.support import tree

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
MADE = frozenset(
    {
        *("var/", "keys/", "spool/", "objects/", "run/"),
        *("hub.toml", "manifest.json", "custody.json", "destruction.json"),
        *("keys/denouncers.key", "keys/master.key"),
        *("run/supervisor.pid", "run/worker-N.drain"),
        *("original/", "original/SHA256SUMS"),
        *("application/sdp", "application/trickle-ice-sdpfrag"),
    }
)
"""Not in the tree: made by a running hub or in what it hands out; media types."""
BELOW = ("", "hub/", "web/", "signaling/", "recorder/", "web/static/js/", "web/static/js/live/")
ENDINGS = ("", ".py")


TRACKED = frozenset(str(one) for name in tree.files() for one in (Path(name), *Path(name).parents))
NAMES = frozenset(Path(name).name for name in TRACKED)


@pytest.fixture(params=DOCUMENTS, ids=lambda path: path.name)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text(encoding="utf-8"))


def _codes(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def _exists(code: str) -> bool:
    """A file or folder, from the root or from a package; or a module and a name that it holds."""
    path = code.rstrip("/")
    if any(below + path + ending in TRACKED for below in BELOW for ending in ENDINGS):
        return True
    module, _, name = path.rpartition(".")
    found = next((below + module + ".py" for below in BELOW if below + module + ".py" in TRACKED), None)
    if found is None:
        return False
    source = (ROOT / found).read_text(encoding="utf-8")
    return re.search(rf"\b(?:def|class) {name}\b|^{name}\b", source, re.MULTILINE) is not None


def test_every_file_and_module_that_is_named_exists(text: str) -> None:
    named = {code for code in _codes(text) if re.fullmatch(r"[\w-][\w./-]*/[\w./-]*", code)}
    files = {code for code in _codes(text) if re.fullmatch(r"[\w-]+\.(?:py|js|md|css|html|po|json|csv|toml|sh)", code)}
    gone = {code for code in named - MADE if not _exists(code)} | {code for code in files - MADE if code not in NAMES}
    assert not gone


def test_every_link_leads_to_a_file(request: pytest.FixtureRequest, text: str) -> None:
    folder = ROOT / "docs" if (ROOT / "docs" / request.node.callspec.id).exists() else ROOT
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert [link for link in links if not (folder / link).exists()] == []


def test_every_make_target_that_is_named_exists(text: str) -> None:
    named = {target for code in _codes(text) for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)}
    assert named <= _targets()


def test_every_variable_that_is_named_is_a_setting(text: str) -> None:
    settings = {field.name.upper() for field in dataclasses.fields(Config)} | {"CONFIG"}
    assert set(re.findall(r"HUB_([A-Z0-9_]+)", text)) <= settings


def test_every_command_that_is_named_exists(text: str) -> None:
    named = {command for code in _codes(text) for command in re.findall(r"^hub ([a-z][a-z-]*)", code)}
    assert named <= set(get_command(app).commands)  # type: ignore[attr-defined]


def test_make_help_tells_of_every_target_and_none_is_taken_for_a_file() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    helped = set(re.findall(r'@echo "make ([a-z-]+)', makefile))
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert phony == _targets()
    assert helped == phony - {"help", "system", "bench-system", "clean"}


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
