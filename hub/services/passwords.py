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


@lru_cache
def _quick_hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_random(secret: str) -> str:
    """Of a secret that we made of at least 64 random bits and that is to be changed at once: nobody guesses it however
    quickly it is tried, and thousands of new accounts must not cost minutes of a processor that hearings need."""
    return _quick_hasher().hash(secret)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is right. Without a hash (an unknown user) the same work is done and the answer is no."""
    return await asyncio.to_thread(_verify, password_hash, password)


def needs_rehash(password_hash: str) -> bool:
    """Whether the parameters have been raised since it was made."""
    try:
        return _hasher().check_needs_rehash(password_hash)
    except InvalidHashError:
        return False


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
    if password_hash is not None and needs_rehash(password_hash):
        _matches(_nobodys_hash(), password)  # a quicker hash must not tell by its time that there is such an account
    return _matches(password_hash or _nobodys_hash(), password) and password_hash is not None


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
