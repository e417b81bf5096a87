"""Who may do what: one pure function that every page, API call and signaling message asks. Deny by default."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from hub.errors import Forbidden, Hidden
from hub.i18n import N_
from hub.models.people import Role


class Action(StrEnum):
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_UNITS = "manage_units"
    """Units and points."""
    SET_ABSENCE = "set_absence"
    """Say that somebody is away and who stands in; of oneself everybody may."""
    MANAGE_MAIL = "manage_mail"
    """See which letters wait, were sent or failed, and send them again; never what they say of a case."""
    READ_RULES = "read_rules"
    """Deadlines, holidays and the calculator: the law, no secret to anybody who works with it."""
    MANAGE_RULES = "manage_rules"
    """Change what the law says for the whole hub."""
    READ_AUDIT = "read_audit"
    REGISTER_CASE = "register_case"
    READ_CASE = "read_case"
    EDIT_CASE = "edit_case"
    HANDLE_CASE = "handle_case"
    """Write down a step of its course that needs nobody's decision."""
    DECIDE_CASE = "decide_case"
    """Write down a decision about it: acceptance, refusal, extension, outcome."""
    ASSIGN_CASE = "assign_case"
    """Give it to an officer of its unit, take it away, give it to another."""
    ANSWER_ASSIGNMENT = "answer_assignment"
    """Accept, return or finish one's own turn at a case."""
    RECEIVE_TRANSFER = "receive_transfer"
    """Acknowledge or return what another unit has transferred."""
    MAKE_DOCUMENT = "make_document"
    """Make a numbered paper from a case, and add its signed scan."""
    READ_REGISTER = "read_register"
    """The register of receptions: read, print, take away."""
    CLOSE_REGISTER = "close_register"
    """Freeze a past year of it."""
    READ_IDENTITY = "read_identity"
    """Of who came, but for denouncers."""
    OPEN_VAULT = "open_vault"
    """Read or correct who denounced, and open the papers that tell it."""
    BOOK_HEARING = "book_hearing"
    """Book, change, postpone, cancel."""
    CONNECT_DEVICE = "connect_device"
    """Give a room encoder or a wall display a token for one seat of a hearing."""
    READ_HEARING = "read_hearing"
    TAKE_SEAT = "take_seat"
    CHAIR_HEARING = "chair_hearing"
    """Open, admit, mute, floor, remove, recess, end."""
    TAKE_CHAIR = "take_chair"
    """Take over from a chair who is lost: the booked deputy or the secretary."""
    WRITE_NOTE = "write_note"
    CALL_CASE = "call_case"
    """Say which case is heard now."""
    WRITE_MINUTES = "write_minutes"
    """Write the minutes, freeze them for reading back, lock them, add an annex."""
    READ_MINUTES = "read_minutes"
    """Once they are frozen; until then only who may write them."""
    ANSWER_MINUTES = "answer_minutes"
    """Agree or object for the people at a point."""
    WRITE_CONCLUSION = "write_conclusion"
    ISSUE_CONCLUSION = "issue_conclusion"
    """The chair's alone: from then on it binds."""
    FOLLOW_CONCLUSION = "follow_conclusion"
    """Confirm, return or extend what owners of its tasks report."""
    REPORT_TASK = "report_task"
    """Say that a task is carried out: one's own, or one's unit's."""
    WATCH_HELP_DESK = "watch_help_desk"
    READ_LINES = "read_lines"
    """How each seat's line is and was: figures, no contents."""
    REPLAY_RECORDING = "replay_recording"
    VERIFY_RECORDING = "verify_recording"
    DOWNLOAD_RECORDING = "download_recording"
    """Take a whole recording away."""
    KEEP_RECORDING = "keep_recording"
    """Hold it, lift the hold, keep it longer."""
    DESTROY_RECORDING = "destroy_recording"
    """Propose it, or refuse what was proposed."""
    APPROVE_DESTRUCTION = "approve_destruction"
    """Decide on what somebody else proposed: the head's word, as for all archives (Law on Archives 2011 Art 28)."""
    WATCH_ARCHIVE = "watch_archive"
    """What is due, held, proposed, missing in the store."""
    WITHHOLD_RECORDING = "withhold_recording"
    """Hide a passage of a recording from all who may not read what is withheld."""
    READ_WITHHELD = "read_withheld"
    """See withheld passages, and lift that they are."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over every unit whose path starts with ``path``."""

    role: Role
    path: str


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts, as the permission function sees them."""

    account_id: str
    name: str
    unit_id: str
    unit_path: str
    grants: frozenset[Grant]
    language: str = "vi"
    address: str = ""
    """The client's network address, for the audit trail."""

    def holds(self, role: Role, path: str) -> bool:
        return any(grant.role == role and path.startswith(grant.path) for grant in self.grants)


@dataclass(frozen=True, slots=True)
class Target:
    """What is acted upon, reduced to the facts that decide.

    ``paths`` are the units concerned (a hearing concerns the unit that holds it and the units of its points);
    one of them within the actor's scope is enough. ``seat_kind`` is the kind of the seat that the actor holds in the
    hearing concerned; for TAKE_SEAT and ANSWER_MINUTES it is the seat concerned, ``own`` says whether it was booked
    for this account, and ``paths`` names the unit of its point.
    """

    paths: tuple[str, ...] = ()
    own: bool = False
    seat_kind: str | None = None
    extra: frozenset[str] = field(default_factory=frozenset)


def may(actor: Actor, action: Action, target: Target) -> bool:
    """Whether ``actor`` may do ``action`` to ``target``."""
    if action in _OF_A_SEAT_WANTED:
        return _may_take_seat(actor, target)
    if action is Action.ANSWER_ASSIGNMENT and not target.own:
        return False
    roles = _ROLES.get(action, frozenset())
    if action in IN_THE_VERY_UNIT:
        return any(Grant(role, path) in actor.grants for role in roles for path in target.paths)
    if any(actor.holds(role, path) for role in roles for path in target.paths):
        return True
    if action in _OF_ONES_OWN:
        return target.own
    return target.seat_kind in _SEATS.get(action, frozenset())


def require(actor: Actor, action: Action, target: Target) -> None:
    """Raise ``Forbidden`` unless ``may``; ``Hidden`` where the actor may not know that there is such an object."""
    if may(actor, action, target):
        return
    known_by = _KNOWN_BY.get(action, frozenset())
    aimed = bool(target.paths or target.seat_kind)
    seen = replace(target, seat_kind=None) if action in _OF_A_SEAT_WANTED else target
    hidden = aimed and known_by and not any(may(actor, one, seen) for one in known_by)
    raise (Hidden if hidden else Forbidden)(N_("Bạn không có quyền làm việc này."))


def require_known(actor: Actor, action: Action, target: Target) -> None:
    """Raise ``Hidden`` unless ``may``: where only who may do ``action`` knows that there is such an object."""
    if not may(actor, action, target):
        raise Hidden(N_("Bạn không có quyền làm việc này."))


def scopes(actor: Actor, action: Action) -> frozenset[str]:
    """The paths over which a role lets the actor do ``action``: what lists are filtered by, from the same table."""
    roles = _ROLES.get(action, frozenset())
    return frozenset(grant.path for grant in actor.grants if grant.role in roles)


def may_somewhere(actor: Actor, action: Action) -> bool:
    """Whether a role lets the actor do ``action`` over any unit at all: what menus and buttons ask."""
    return bool(scopes(actor, action))


def command_line(*roles: Role) -> Actor:
    """Whoever runs ``hub user …`` on the server: may manage everything, has no account of their own. ``roles`` are held
    besides."""
    return Actor("", "hub", "", "/", frozenset(Grant(role, "/") for role in (Role.ADMINISTRATOR, *roles)))


def _may_take_seat(actor: Actor, target: Target) -> bool:
    """A named seat is for the account booked; a point's seat for any officer whose scope covers the point's unit."""
    if target.seat_kind == "point":
        return any(actor.holds(Role.OFFICER, path) for path in target.paths)
    return target.seat_kind in _SEATS[Action.TAKE_SEAT] and target.own


IN_THE_VERY_UNIT = frozenset({Action.OPEN_VAULT, Action.READ_WITHHELD})
"""A role over a higher unit is not enough. A denouncer's identity stays in the unit that received it (Law on
Denunciations 2018 Art 56), with its officers and its leaders; whoever registered the case elsewhere may not look back.
"""

_ROLES: dict[Action, frozenset[Role]] = {
    Action.MANAGE_ACCOUNTS: frozenset({Role.ADMINISTRATOR}),
    Action.MANAGE_UNITS: frozenset({Role.ADMINISTRATOR}),
    Action.SET_ABSENCE: frozenset({Role.LEADER, Role.ADMINISTRATOR}),
    Action.MANAGE_MAIL: frozenset({Role.ADMINISTRATOR}),
    Action.READ_RULES: frozenset(Role),
    Action.MANAGE_RULES: frozenset({Role.ADMINISTRATOR}),
    Action.READ_AUDIT: frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    Action.REGISTER_CASE: frozenset({Role.OFFICER}),
    Action.READ_CASE: frozenset({Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR}),
    Action.EDIT_CASE: frozenset({Role.OFFICER}),
    Action.HANDLE_CASE: frozenset({Role.OFFICER}),
    Action.DECIDE_CASE: frozenset({Role.OFFICER, Role.LEADER}),
    Action.ASSIGN_CASE: frozenset({Role.LEADER}),
    Action.ANSWER_ASSIGNMENT: frozenset({Role.OFFICER, Role.LEADER}),
    Action.RECEIVE_TRANSFER: frozenset({Role.OFFICER}),
    Action.MAKE_DOCUMENT: frozenset({Role.OFFICER, Role.LEADER}),
    Action.READ_REGISTER: frozenset({Role.OFFICER, Role.LEADER, Role.AUDITOR}),
    Action.CLOSE_REGISTER: frozenset({Role.LEADER}),
    Action.READ_IDENTITY: frozenset({Role.OFFICER, Role.LEADER}),
    Action.OPEN_VAULT: frozenset({Role.OFFICER, Role.LEADER}),
    Action.BOOK_HEARING: frozenset({Role.OFFICER, Role.SECRETARY}),
    Action.CONNECT_DEVICE: frozenset({Role.OFFICER, Role.SECRETARY}),
    Action.READ_HEARING: frozenset({Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR, Role.TECHNICIAN}),
    Action.FOLLOW_CONCLUSION: frozenset({Role.LEADER, Role.SECRETARY}),
    Action.REPORT_TASK: frozenset({Role.OFFICER, Role.LEADER}),
    Action.READ_MINUTES: frozenset({Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR}),
    Action.WATCH_HELP_DESK: frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR}),
    Action.READ_LINES: frozenset(
        {Role.OFFICER, Role.LEADER, Role.SECRETARY, Role.AUDITOR, Role.TECHNICIAN, Role.ADMINISTRATOR}
    ),
    Action.REPLAY_RECORDING: frozenset({Role.AUDITOR, Role.LEADER}),
    Action.VERIFY_RECORDING: frozenset({Role.AUDITOR}),
    Action.DOWNLOAD_RECORDING: frozenset({Role.AUDITOR, Role.LEADER}),
    Action.KEEP_RECORDING: frozenset({Role.AUDITOR, Role.LEADER}),
    Action.DESTROY_RECORDING: frozenset({Role.AUDITOR, Role.LEADER}),
    Action.APPROVE_DESTRUCTION: frozenset({Role.LEADER}),
    Action.WATCH_ARCHIVE: frozenset({Role.AUDITOR, Role.LEADER, Role.ADMINISTRATOR}),
    Action.WITHHOLD_RECORDING: frozenset({Role.AUDITOR, Role.LEADER}),
    Action.READ_WITHHELD: frozenset({Role.LEADER}),
}

_OF_ONES_OWN = frozenset({Action.REPORT_TASK, Action.SET_ABSENCE})
_OF_A_SEAT_WANTED = frozenset({Action.TAKE_SEAT, Action.ANSWER_MINUTES})
_OF_CASES = (
    Action.READ_CASE,
    Action.EDIT_CASE,
    Action.HANDLE_CASE,
    Action.DECIDE_CASE,
    Action.ASSIGN_CASE,
    Action.ANSWER_ASSIGNMENT,
    Action.RECEIVE_TRANSFER,
    Action.MAKE_DOCUMENT,
    Action.READ_IDENTITY,
    Action.OPEN_VAULT,
)
_OF_HEARINGS = (
    Action.READ_HEARING,
    Action.BOOK_HEARING,
    Action.CONNECT_DEVICE,
    Action.TAKE_SEAT,
    Action.WRITE_MINUTES,
    Action.READ_MINUTES,
    Action.ANSWER_MINUTES,
    Action.WRITE_CONCLUSION,
    Action.ISSUE_CONCLUSION,
    Action.FOLLOW_CONCLUSION,
    Action.REPORT_TASK,
    Action.READ_LINES,
)
_OF_RECORDINGS = (
    Action.REPLAY_RECORDING,
    Action.VERIFY_RECORDING,
    Action.DOWNLOAD_RECORDING,
    Action.KEEP_RECORDING,
    Action.DESTROY_RECORDING,
    Action.APPROVE_DESTRUCTION,
    Action.WITHHOLD_RECORDING,
    Action.READ_WITHHELD,
)
_KNOWN_BY: dict[Action, frozenset[Action]] = {
    **dict.fromkeys(_OF_CASES, frozenset({Action.READ_CASE})),
    **dict.fromkeys(_OF_HEARINGS, frozenset({Action.READ_HEARING})),
    **dict.fromkeys(_OF_RECORDINGS, frozenset({Action.READ_HEARING, Action.VERIFY_RECORDING})),
    Action.REGISTER_CASE: frozenset({Action.READ_REGISTER}),
    Action.READ_REGISTER: frozenset({Action.READ_REGISTER}),
    Action.MANAGE_ACCOUNTS: frozenset({Action.MANAGE_ACCOUNTS}),
    Action.MANAGE_MAIL: frozenset({Action.MANAGE_MAIL}),
    Action.SET_ABSENCE: frozenset({Action.SET_ABSENCE}),
}
"""Who may do one of these to an object may know that it is there; to all others it is as if it were not."""

_SEATS: dict[Action, frozenset[str]] = {
    Action.READ_HEARING: frozenset({"chair", "deputy", "secretary", "point"}),
    Action.READ_CASE: frozenset({"chair", "deputy", "secretary"}),
    Action.TAKE_SEAT: frozenset({"chair", "deputy", "secretary", "point"}),
    Action.CHAIR_HEARING: frozenset({"chair"}),
    Action.TAKE_CHAIR: frozenset({"deputy", "secretary"}),
    Action.WRITE_NOTE: frozenset({"secretary", "chair"}),
    Action.CALL_CASE: frozenset({"chair", "secretary"}),
    Action.WRITE_MINUTES: frozenset({"chair", "deputy", "secretary"}),
    Action.READ_MINUTES: frozenset({"chair", "deputy", "secretary"}),
    Action.WRITE_CONCLUSION: frozenset({"chair", "deputy", "secretary"}),
    Action.ISSUE_CONCLUSION: frozenset({"chair"}),
    Action.FOLLOW_CONCLUSION: frozenset({"chair", "deputy", "secretary"}),
    Action.READ_LINES: frozenset({"chair", "deputy", "secretary"}),
}
