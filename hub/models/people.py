"""Who: units, reception points, accounts and their sign-in sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.ids import utc_now
from hub.models.base import Base, id_column


class UnitLevel(StrEnum):
    CENTRAL = "central"
    PROVINCE = "province"
    COMMUNE = "commune"


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    OFFICER = "officer"
    LEADER = "leader"
    SECRETARY = "secretary"
    AUDITOR = "auditor"
    TECHNICIAN = "technician"


class OrgUnit(Base):
    """A public body (cơ quan). ``path`` is ``/id/id/…/``: a unit's scope is every path that starts with its own."""

    __tablename__ = "org_unit"

    id: Mapped[str] = id_column()
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[UnitLevel] = mapped_column(String(16))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("org_unit.id"))
    path: Mapped[str] = mapped_column(String(400), unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class PaperStyle(Base):
    """How a unit's papers are headed and signed (``hub.forms.signing.Style``), once its administrator has said so;
    without a row it is guessed from the unit's name."""

    __tablename__ = "paper_style"

    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), primary_key=True)
    authority: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(80), default="")
    on_behalf: Mapped[str] = mapped_column(String(120), default="")
    head: Mapped[str] = mapped_column(String(80))
    deputy: Mapped[str] = mapped_column(String(80))
    signer: Mapped[str] = mapped_column(String(120), default="")


class Point(Base):
    """A reception point (điểm cầu): one room with one browser, where officer and citizens sit."""

    __tablename__ = "point"

    id: Mapped[str] = id_column()
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    address: Mapped[str] = mapped_column(String(400), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    is_bridge: Mapped[bool] = mapped_column(default=False)
    """True for a central bridge point (điểm cầu trung tâm), from which a hearing may be chaired."""
    capacity: Mapped[int] = mapped_column(default=1, server_default="1")
    """How many hearings it holds at once: rooms with a browser and an officer of their own."""
    active: Mapped[bool] = mapped_column(default=True)

    unit: Mapped[OrgUnit] = relationship(lazy="joined")


class Account(Base):
    """One account per official. A disabled account is kept for ever, because the record names it."""

    __tablename__ = "account"

    id: Mapped[str] = id_column()
    username: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    """Where notices go; empty: nowhere."""
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8), default="vi")
    is_demo: Mapped[bool] = mapped_column(default=False)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    unit: Mapped[OrgUnit] = relationship(lazy="joined")
    grants: Mapped[list[RoleGrant]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class RoleGrant(Base):
    """A role held over a unit and every unit below it."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("account_id", "role", "unit_id"),)

    id: Mapped[str] = id_column()
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[Role] = mapped_column(String(16))
    unit_id: Mapped[str] = mapped_column(ForeignKey("org_unit.id"))

    unit: Mapped[OrgUnit] = relationship(lazy="joined")


class SignInSession(Base):
    """A server-side session. The cookie holds a random token; the table only its SHA-256."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("ix_sign_in_session_expires_at", "expires_at"),)

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(200), default="")

    account: Mapped[Account] = relationship(lazy="joined")
