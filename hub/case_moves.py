"""How a case goes from its reception to its end, as one table: what may happen in which state, and what it leads to.

Laws on Complaints 02/2011, Denunciations 25/2018 and Citizen Reception 42/2013 Art 26–28, as amended by 136/2025. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from hub.auth import Action
from hub.errors import Conflict
from hub.i18n import N_
from hub.models.cases import CaseState, CaseType, Complexity


class MoveCode(StrEnum):
    REGISTER = "register"
    """Not a move that anybody makes: the beginning, written by registration."""
    CLASSIFY = "classify"
    ASK_INFO = "ask_info"
    INFO_RECEIVED = "info_received"
    MORE_TIME = "more_time"
    GUIDE = "guide"
    TRANSFER = "transfer"
    REFUSE = "refuse"
    FILE = "file"
    ACCEPT = "accept"
    NOTIFY_ACCEPTANCE = "notify_acceptance"
    VERIFY = "verify"
    DIALOGUE = "dialogue"
    DECIDE = "decide"
    CONCLUDE = "conclude"
    ANSWER = "answer"
    NOTIFY = "notify"
    ENFORCE = "enforce"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    DISCONTINUE = "discontinue"
    WITHDRAW = "withdraw"
    WITHDRAW_PART = "withdraw_part"
    RECONSIDER = "reconsider"
    REPORT_RESULT = "report_result"
    RESULT_RECEIVED = "result_received"
    TELL_CITIZEN = "tell_citizen"
    TRANSFER_TAKEN = "transfer_taken"
    TRANSFER_RETURNED = "transfer_returned"
    """Both written on the sender's case by the recipient's answer."""
    REPLY = "reply"
    """The citizen was told an outcome (Law on Citizen Reception Art 28.1)."""
    DELIVERED = "delivered"
    """The citizen has received the final paper."""
    SECOND_FILED = "second_filed"
    """Written on the first complaint when a second one is linked to it."""
    CLOSE = "close"


class Need(StrEnum):
    DOCUMENT = "document"
    """Number and day of the signed document."""
    REASON = "reason"


S, T, M = CaseState, CaseType, MoveCode
EVERY = frozenset(CaseType)
COMPLAINT, DENUNCIATION = frozenset({T.COMPLAINT}), frozenset({T.DENUNCIATION})
REQUESTS = frozenset({T.PETITION, T.FEEDBACK})
BOTH = frozenset({Need.DOCUMENT, Need.REASON})
WRITTEN, REASONED, NOTHING = frozenset({Need.DOCUMENT}), frozenset({Need.REASON}), frozenset[Need]()

SETTLING = frozenset({S.ACCEPTED, S.VERIFYING, S.DIALOGUE})
UNSETTLED = frozenset({S.RECEIVED, S.CLASSIFIED, S.NEED_INFO, S.SUSPENDED}) | SETTLING
SETTLED = frozenset({S.DECIDED, S.CONCLUDED, S.ANSWERED, S.NOTIFIED, S.ENFORCING})
ENDS = frozenset(
    {S.GUIDED, S.TRANSFERRED, S.NOT_ACCEPTED, S.FILED, S.NOTIFIED, S.ENFORCING, S.DISCONTINUED, S.WITHDRAWN}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """``target`` None: the state stays; ``back``: to the state that its last move left."""

    code: MoveCode
    name: str
    sources: frozenset[CaseState]
    target: CaseState | None = None
    back: bool = False
    types: frozenset[CaseType] = EVERY
    needs: frozenset[Need] = NOTHING
    action: Action = Action.HANDLE_CASE
    basis: str = ""
    bases: Mapping[CaseType, str] = field(default_factory=dict)
    """Where the law on that kind of case says it, and not the one on reception."""

    def basis_for(self, kind: CaseType) -> str:
        return self.bases.get(kind, self.basis)


def _move(code: MoveCode, name: str, sources: set[CaseState] | frozenset[CaseState], **rest: object) -> Move:
    return Move(code=code, name=name, sources=frozenset(sources), **rest)  # type: ignore[arg-type]


_DECISION = Action.DECIDE_CASE
MOVES: Mapping[MoveCode, Move] = {
    move.code: move
    for move in (
        _move(M.CLASSIFY, N_("Phân loại"), {S.RECEIVED}, target=S.CLASSIFIED),
        _move(M.ASK_INFO, N_("Yêu cầu bổ sung"), {S.CLASSIFIED}, target=S.NEED_INFO, needs=REASONED),
        _move(M.INFO_RECEIVED, N_("Đã nhận bổ sung"), {S.NEED_INFO}, target=S.CLASSIFIED),
        _move(
            M.MORE_TIME,
            N_("Trả lời: cần thêm thời gian"),
            {S.RECEIVED, S.CLASSIFIED, S.NEED_INFO},
            needs=REASONED,
            basis="Luật Tiếp công dân, Điều 28",
        ),
        _move(
            M.GUIDE,
            N_("Hướng dẫn đến nơi có thẩm quyền"),
            {S.CLASSIFIED, S.NEED_INFO},
            target=S.GUIDED,
            types=COMPLAINT | DENUNCIATION,
            basis="Luật Tiếp công dân, Điều 26",
        ),
        _move(
            M.TRANSFER,
            N_("Chuyển cơ quan có thẩm quyền"),
            {S.CLASSIFIED, S.NEED_INFO},
            target=S.TRANSFERRED,
            types=DENUNCIATION | REQUESTS,
            needs=WRITTEN,
            basis="Luật Tiếp công dân, Điều 26",
            bases={T.DENUNCIATION: "Luật Tố cáo, Điều 24"},
        ),
        _move(
            M.REFUSE,
            N_("Không thụ lý giải quyết"),
            {S.CLASSIFIED, S.NEED_INFO},
            target=S.NOT_ACCEPTED,
            needs=BOTH,
            action=_DECISION,
        ),
        _move(M.FILE, N_("Xếp lưu đơn"), {S.CLASSIFIED, S.NEED_INFO}, target=S.FILED, needs=REASONED),
        _move(M.ACCEPT, N_("Thụ lý"), {S.CLASSIFIED, S.NEED_INFO}, target=S.ACCEPTED, needs=WRITTEN, action=_DECISION),
        _move(
            M.NOTIFY_ACCEPTANCE,
            N_("Thông báo việc thụ lý"),
            SETTLING,
            types=DENUNCIATION,
            basis="Luật Tố cáo, Điều 29",
        ),
        _move(M.VERIFY, N_("Xác minh"), {S.ACCEPTED}, target=S.VERIFYING),
        _move(
            M.DIALOGUE,
            N_("Đối thoại"),
            {S.VERIFYING},
            target=S.DIALOGUE,
            types=COMPLAINT,
            basis="Luật Khiếu nại, Điều 30 và 39",
        ),
        _move(
            M.DECIDE,
            N_("Quyết định giải quyết khiếu nại"),
            {S.VERIFYING, S.DIALOGUE},
            target=S.DECIDED,
            types=COMPLAINT,
            needs=WRITTEN,
            action=_DECISION,
        ),
        _move(
            M.CONCLUDE,
            N_("Kết luận nội dung tố cáo"),
            {S.VERIFYING},
            target=S.CONCLUDED,
            types=DENUNCIATION,
            needs=WRITTEN,
            action=_DECISION,
        ),
        _move(
            M.ANSWER,
            N_("Trả lời kiến nghị, phản ánh"),
            {S.ACCEPTED, S.VERIFYING},
            target=S.ANSWERED,
            types=REQUESTS,
            needs=WRITTEN,
            action=_DECISION,
        ),
        _move(M.NOTIFY, N_("Gửi, công bố kết quả"), {S.DECIDED, S.CONCLUDED, S.ANSWERED}, target=S.NOTIFIED),
        _move(M.ENFORCE, N_("Tổ chức thực hiện"), {S.NOTIFIED}, target=S.ENFORCING),
        _move(
            M.EXTEND,
            N_("Gia hạn giải quyết"),
            {S.ACCEPTED, S.VERIFYING},
            types=DENUNCIATION,
            needs=BOTH,
            action=_DECISION,
            basis="Luật Tố cáo, Điều 30",
        ),
        _move(
            M.SUSPEND,
            N_("Tạm đình chỉ giải quyết"),
            SETTLING,
            target=S.SUSPENDED,
            types=COMPLAINT | DENUNCIATION,
            needs=BOTH,
            action=_DECISION,
        ),
        _move(M.RESUME, N_("Tiếp tục giải quyết"), {S.SUSPENDED}, back=True, needs=WRITTEN, action=_DECISION),
        _move(
            M.DISCONTINUE,
            N_("Đình chỉ giải quyết"),
            SETTLING | {S.SUSPENDED},
            target=S.DISCONTINUED,
            needs=BOTH,
            action=_DECISION,
        ),
        _move(
            M.WITHDRAW,
            N_("Rút toàn bộ"),
            UNSETTLED,
            target=S.WITHDRAWN,
            needs=REASONED,
            basis="Luật 136/2025/QH15",
        ),
        _move(M.WITHDRAW_PART, N_("Rút một phần nội dung"), UNSETTLED, needs=REASONED, basis="Luật 136/2025/QH15"),
        _move(
            M.RECONSIDER,
            N_("Xem xét lại: rút do bị đe dọa, ép buộc"),
            {S.WITHDRAWN},
            back=True,
            needs=REASONED,
            action=_DECISION,
            basis="Luật 136/2025/QH15",
        ),
        _move(
            M.REPORT_RESULT,
            N_("Báo kết quả cho nơi chuyển đến"),
            SETTLED,
            basis="Luật Tiếp công dân, Điều 27",
        ),
        _move(
            M.RESULT_RECEIVED,
            N_("Nhận kết quả từ nơi đã chuyển"),
            {S.TRANSFERRED},
            basis="Luật Tiếp công dân, Điều 27",
        ),
        _move(
            M.TELL_CITIZEN,
            N_("Báo công dân kết quả nơi chuyển"),
            {S.TRANSFERRED},
            basis="Luật Tiếp công dân, Điều 28",
        ),
        _move(M.CLOSE, N_("Kết thúc hồ sơ"), ENDS, target=S.CLOSED),
    )
}
"""In the order in which they are offered."""

MOVE_NAMES: Mapping[MoveCode, str] = {
    M.REGISTER: N_("Tiếp nhận"),
    M.SECOND_FILED: N_("Có khiếu nại lần hai"),
    M.TRANSFER_TAKEN: N_("Nơi nhận đã tiếp nhận"),
    M.TRANSFER_RETURNED: N_("Nơi nhận trả lại"),
    M.REPLY: N_("Trả lời công dân"),
    M.DELIVERED: N_("Công dân đã nhận"),
    **{code: move.name for code, move in MOVES.items()},
}

ONCE = frozenset({M.NOTIFY_ACCEPTANCE, M.REPORT_RESULT, M.RESULT_RECEIVED, M.TELL_CITIZEN, M.MORE_TIME})
"""Moves that leave the state as it is and mean something the first time only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What of a case decides over moves and clocks."""

    type: CaseType
    state: CaseState = CaseState.RECEIVED
    level: int = 1
    """2: a second complaint."""
    complexity: Complexity = Complexity.ORDINARY
    remote: bool = False
    """Remote area with difficult travel."""
    several_places: bool = False
    """A denunciation to be checked in several places or by delegation."""
    competent: bool = True
    forwarded: bool = False
    """Came from another body, which is to be told the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One entry of a case's course; ``day`` is when it happened, not when it was written down."""

    code: MoveCode
    day: date
    from_state: CaseState = CaseState.RECEIVED
    to_state: CaseState = CaseState.RECEIVED
    document_number: str = ""
    document_day: date | None = None


def standing(course: Sequence[Happened]) -> list[Happened]:
    """The course without transfers that came back: for every clock the case was never away."""
    left: list[Happened] = []
    for one in course:
        if one.code is M.TRANSFER_RETURNED:
            sent = max((n for n, other in enumerate(left) if other.code is M.TRANSFER), default=None)
            if sent is not None:
                del left[sent]
        else:
            left.append(one)
    return left


def offered(facts: Facts, course: Sequence[Happened]) -> list[Move]:
    """The moves that the law allows now, whoever asks."""
    return [move for move in MOVES.values() if _fits(move, facts, course)]


def _fits(move: Move, facts: Facts, course: Sequence[Happened]) -> bool:
    if facts.state not in move.sources or facts.type not in move.types:
        return False
    done = {one.code for one in course}
    if move.code in ONCE and move.code in done:
        return False
    if move.code is M.REPORT_RESULT:
        return facts.forwarded
    if move.code is M.TELL_CITIZEN:
        return M.RESULT_RECEIVED in done
    if move.code is M.ACCEPT:
        return facts.competent
    return True


def target_of(move: Move, facts: Facts, course: Sequence[Happened]) -> CaseState:
    """The state that the move leads to. Raises ``Conflict`` when the case does not allow it."""
    if not _fits(move, facts, course):
        raise Conflict(N_("Vụ việc đang ở trạng thái không cho phép bước này."))
    if move.back:
        # The move that led here, not one that came back here from elsewhere: else two would send it to and fro.
        led = [one for one in course if one.code in MOVES and MOVES[one.code].target is facts.state]
        return led[-1].from_state
    return facts.state if move.target is None else move.target
