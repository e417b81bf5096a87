"""What templates say is translated once, when they are compiled, and reads as if it were asked for each time."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from web.folding import folding

TEXTS = {"Một": "One & only", "100%%": "all 100%%", "Chào %(name)s": "Hello %(name)s"}
PAGE = """{% macro say(text) %}[{{ text }}]{% endmacro %}
{{ _("Một") }} {{ _("Một")|upper }} {{ _("100%%") }} {{ _("Chào %(name)s", name=who) }} {{ _(said) }}
{{ say(_("Một")) }} {% set kept = _("Một") %}{{ kept }} {{ _("Một") if who else _("100%%") }} {{ {"a": _("Một")}["a"] }}
<p title="{{ _('Một') }}">{{ _("<b>") }}</p>"""


def rendered(*, folded: bool, asked: list[str]) -> str:
    def gettext(text: str) -> str:
        asked.append(text)
        return TEXTS.get(text, text)

    loader = DictLoader({"page": PAGE})
    environment = Environment(loader=loader, autoescape=True, extensions=["jinja2.ext.i18n"], auto_reload=False)
    environment.install_gettext_callables(gettext, lambda one, many, n: many, newstyle=True)  # type: ignore[attr-defined]
    if folded:
        environment.code_generator_class = folding(gettext)
    page = environment.get_template("page")
    if folded:
        asked.clear()
    return page.render(who="<An>", said="Một")


def test_a_page_reads_the_same_and_asks_only_for_what_is_not_known_before():
    at_once: list[str] = []
    later: list[str] = []
    assert rendered(folded=True, asked=at_once) == rendered(folded=False, asked=later)
    assert at_once == ["Chào %(name)s", "Một"]
    assert len(later) > len(at_once)


def test_a_text_that_misses_its_parameter_is_found_when_the_template_is_compiled():
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.code_generator_class = folding(lambda text: text)
    with pytest.raises(KeyError, match="name"):
        environment.from_string('{{ _("Chào %(name)s") }}')
