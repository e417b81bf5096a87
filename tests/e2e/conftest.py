"""A failed end-to-end test tells what its browsers and its hub were doing at that moment."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.support.failure_report import of_world


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        arguments: dict[str, Any] = getattr(item, "funcargs", {})
        for name, world in arguments.items():
            if hasattr(world, "hub"):
                report.sections.append((f"What {name} was doing", of_world(world)))
    return report
