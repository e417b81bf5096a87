"""What nginx says itself while the hub is away: pages of our own, in both languages, that need nothing from the hub."""

from __future__ import annotations

import re
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_nginx_answers_for_an_absent_hub_in_both_languages() -> None:
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    answered = {
        code: page
        for codes, page in re.findall(r"error_page ([\d ]+) /([\w-]+\.html);", site)
        for code in codes.split()
    }
    assert answered.keys() == {"413", "502", "504"}
    for name in answered.values():
        page = (DEPLOY / "pages" / name).read_text(encoding="utf-8")
        assert {"vi", "en"} <= set(re.findall(r'<section lang="(\w+)">', page)), name
        assert not re.search(r"<script|src=|https?:|<link", page), f"{name} would ask an absent hub"
        for said in ("Quay lại", "Back"):
            assert said in page, "what was typed is not lost"
