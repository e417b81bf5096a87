"""A number of papers that looks odd is asked about once, wherever it is typed; what the officer confirms is taken."""

from __future__ import annotations

from hub import cases as rules
from hub.i18n import Text
from web import format as formats
from web.forms import Form

SHOWN_BESIDE = "id_number"
"""In ``seen``: the page's script has shown the warning at the field."""


class OddNumber(Exception):
    """Raised in the transaction, so that nothing is kept until the officer has looked again."""

    def __init__(self, number: str, text: Text) -> None:
        super().__init__(str(text))
        self.number, self.text = number, text


def ask_back(form: Form) -> None:
    """Raise ``OddNumber``, unless the page has told of this very number before."""
    number = rules.compact(form.text("id_number")).upper()
    odd = rules.odd_number(number, form.text("birth"), formats.today())
    if odd is not None and form.text("seen") not in (SHOWN_BESIDE, number):
        raise OddNumber(number, odd)
