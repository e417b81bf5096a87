"""What stands in people's way on a page that a browser shows: axe-core's rules of WCAG 2.2 AA, and some of ours."""

from __future__ import annotations

from pathlib import Path

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
BARRIERS = Path(__file__).with_name("barriers.js")
SCRIPTS = (AXE, BARRIERS)
"""To be loaded into the page; then it has ``barriers()`` and ``tooWide()``, which answer with sentences."""
