"""Texts people read: Vietnamese is the source language, other languages are catalogues.

A text is written once, in Vietnamese, where it is used; ``N_`` marks it for extraction and returns it unchanged.
Whoever shows it to a person translates it at the last moment (``web.translate``), so errors, audit entries and
signaling messages carry the Vietnamese original and its parameters, never a finished sentence in one language.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LANGUAGES = ("vi", "en")
DEFAULT_LANGUAGE = "vi"


def N_(message: str) -> str:  # noqa: N802 - gettext's established name for "mark, do not translate"
    """Mark a Vietnamese text for extraction."""
    return message


@dataclass(frozen=True, slots=True)
class Text:
    """A translatable text: the Vietnamese original with ``%(name)s`` parameters."""

    message: str
    params: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True, slots=True)
class Named:
    """A name that is data: Vietnamese, and in English where somebody wrote it. ``web.translate`` chooses."""

    vi: str
    en: str = ""

    def __str__(self) -> str:
        return self.vi
