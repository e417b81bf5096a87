"""Templates are compiled once for each language, so what they say is translated then and not for every reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


def folding(gettext: Callable[[str], str]) -> type[CodeGenerator]:
    """For ``Environment.code_generator_class``: ``_("text")`` becomes the text itself in the language of ``gettext``.

    A page says some two hundred; asked for one by one, through three calls each, they take as long as its rows. What
    has parameters is still asked for when the page is made.
    """

    class Folding(CodeGenerator):
        def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja's name
            super().visit_Template(_Fold(gettext).visit(node), frame)

    return Folding


class _Fold(NodeTransformer):
    def __init__(self, gettext: Callable[[str], str]) -> None:
        self._gettext = gettext

    def visit_Call(self, node: nodes.Call, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node, *args, **kwargs)
        if not isinstance(node.node, nodes.Name) or node.node.name != "_" or len(node.args) != 1 or node.kwargs:
            return node
        said = node.args[0]
        if not isinstance(said, nodes.Const) or not isinstance(said.value, str):
            return node
        # As jinja2.ext's newstyle gettext does: markup, whose percent signs are doubled.
        return nodes.Const(Markup(self._gettext(said.value)) % {}, lineno=node.lineno)  # noqa: S704 - our own texts
