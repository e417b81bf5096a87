"""Passwords: argon2id (RFC 9106), computed in a thread because one takes tens of milliseconds and 64 MiB."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.i18n import N_, Text
from hub.text import exact

SHORTEST = 10
LONGEST = 200


@lru_cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher().hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is right. Without a hash (an unknown user) the same work is done and the answer is no."""
    return await asyncio.to_thread(_verify, password_hash, password)


def needs_rehash(password_hash: str) -> bool:
    """Whether the parameters have been raised since it was made."""
    return _hasher().check_needs_rehash(password_hash)


def password_fault(password: str, username: str) -> Text | None:
    """What is wrong with a wished password, or None."""
    if len(password) < SHORTEST:
        return Text(N_("Mật khẩu phải có ít nhất %(shortest)d ký tự."), {"shortest": SHORTEST})
    if len(password) > LONGEST:
        return Text(N_("Dài quá %(longest)d ký tự."), {"longest": LONGEST})
    if len(set(password)) < 3:
        return Text(N_("Mật khẩu quá dễ đoán: chỉ có vài ký tự lặp lại."))
    if exact(password) == exact(username):
        return Text(N_("Mật khẩu không được trùng với tên đăng nhập."))
    return None


@lru_cache
def _nobodys_hash() -> str:
    return _hasher().hash("a password that nobody has")


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        right = _hasher().verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None
