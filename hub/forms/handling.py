"""Papers of handling: proposal, guidance, transfer, acceptance and its refusal, extension, outcome. PURE."""

from __future__ import annotations

from hub.case_moves import MoveCode as M
from hub.forms.facts import (
    BODY,
    EVERY,
    GROUNDS,
    SUBJECT,
    Facts,
    Field,
    Form,
    Typed,
    document_of,
    head,
    noun,
    own_law,
    person_fields,
    reception_law,
    sentence,
    to_body,
    to_person,
    whom,
)
from hub.i18n import N_
from hub.models.cases import CaseType as T
from hub.papers import Block, Heading, Items, Para, Signatures, Signer, in_words

COMPLAINT, DENUNCIATION, REQUESTS = (
    frozenset({T.COMPLAINT}),
    frozenset({T.DENUNCIATION}),
    frozenset({T.PETITION, T.FEEDBACK}),
)
KEPT = "Lưu: VT, hồ sơ"
SECRECY = "Họ tên, địa chỉ, bút tích và thông tin cá nhân khác của người tố cáo được lược bỏ, giữ bí mật theo Điều 56 Luật Tố cáo."


def _received(facts: Facts) -> str:
    return f"Ngày {facts.received:%d/%m/%Y}, {facts.unit} tiếp nhận {noun(facts)} của {whom(facts)} (vụ việc số {facts.case_no})."


def _reason(code: M, *others: M) -> Field:
    """``GROUNDS`` begun with what was written down with the step."""

    def default(facts: Facts) -> str:
        steps = [facts.step(each) for each in (code, *others)]
        return next((step.reason for step in steps if step and step.reason), "")

    return Field(name=GROUNDS.name, label=GROUNDS.label, rows=3, required=True, default=default)


def _proposal(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(_received(facts)),
        person_fields(facts),
        Para(sentence(typed["subject_matter"]), lead="Tóm tắt nội dung:"),
        Para(sentence(typed["settled"]) or "chưa có cơ quan nào giải quyết.", lead="Cơ quan đã giải quyết:"),
        Para(
            f"Căn cứ nội dung trên và quy định của {own_law(facts, facts.today)}, {sentence(typed['proposal'])}",
            lead="Đề xuất:",
        ),
        Signatures(
            (
                Signer("Phê duyệt của thủ trưởng", note="(Ý kiến; ký, ghi rõ họ tên, ngày tháng)"),
                Signer("Người đề xuất", facts.officer),
            )
        ),
    )


def _guidance(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(_received(facts)),
        Para(sentence(typed["subject_matter"]), lead="Nội dung:"),
        Para(
            f"Căn cứ {own_law(facts, facts.today)} và Điều 26 {reception_law(facts.today)}, nội dung {noun(facts)} nêu trên không thuộc thẩm quyền giải quyết của {facts.unit}. {sentence(typed['grounds'])}".strip()
        ),
        Para(
            f"Đề nghị {whom(facts)} gửi đơn đến {typed['body']} để được xem xét, giải quyết theo quy định của pháp luật."
        ),
    )


def _transfer(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    basis = "Điều 24 Luật Tố cáo" if facts.secret else "Điều 26"
    law = "" if facts.secret else f" {reception_law(facts.today)}"
    enclosed = tuple(line.strip() for line in typed["enclosed"].splitlines() if line.strip())
    return (
        Para(_received(facts)),
        Para(sentence(typed["subject_matter"]), lead="Nội dung:"),
        Para(
            f"Sau khi xem xét, căn cứ {basis}{law}, {facts.unit} chuyển {noun(facts)} nêu trên đến {typed['body']} để xem xét, giải quyết theo thẩm quyền."
        ),
        *((Para(SECRECY),) if facts.secret else ()),
        Para(
            f"Đề nghị {typed['body']} thông báo kết quả giải quyết đến {facts.unit} trong thời hạn quy định tại khoản 2 Điều 27 {reception_law(facts.today)}."
        ),
        *((Heading("Kèm theo:"), Items(enclosed)) if enclosed else ()),
    )


def _acceptance(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    due = typed["due"]
    return (
        Para(_received(facts)),
        Para(
            f"Căn cứ {own_law(facts, facts.today)}, {facts.unit} thông báo đã thụ lý giải quyết {noun(facts)} của {whom(facts)} theo văn bản {typed['document']}."
        ),
        Para(sentence(typed["subject_matter"]), lead="Nội dung được thụ lý:"),
        *((Para(sentence(due), lead="Thời hạn giải quyết:"),) if due else ()),
        Para(f"{facts.unit} thông báo để {whom(facts)} biết."),
    )


def _not_accepted(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(_received(facts)),
        Para(sentence(typed["subject_matter"]), lead="Nội dung:"),
        Para(
            f"Căn cứ {own_law(facts, facts.today)}, {facts.unit} không thụ lý giải quyết {noun(facts)} nêu trên vì lý do sau:"
        ),
        Para(sentence(typed["grounds"])),
        Para(f"{facts.unit} thông báo để {whom(facts)} biết."),
    )


def _extension(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(typed["head"].upper(), bold=True, align="center"),
        *(
            Para(line, italic=True)
            for line in (
                f"Căn cứ {own_law(facts, facts.today)}, Điều 30;",
                "Căn cứ Nghị định số 31/2019/NĐ-CP ngày 10 tháng 4 năm 2019 của Chính phủ;",
                f"Căn cứ quyết định thụ lý tố cáo {document_of(facts.step(M.ACCEPT))};",
                f"Xét tính chất vụ việc: {sentence(typed['grounds'])}",
            )
        ),
        Para("QUYẾT ĐỊNH:", bold=True, align="center"),
        Para(
            f"Gia hạn thời hạn giải quyết tố cáo đối với vụ việc số {facts.case_no} ({typed['subject_matter']}). Thời gian gia hạn là {typed['days']} ngày, kể từ {typed['from']}.",
            lead="Điều 1.",
        ),
        Para(f"{typed['doers']} chịu trách nhiệm thi hành Quyết định này.", lead="Điều 2."),
        Para("Quyết định này có hiệu lực kể từ ngày ký.", lead="Điều 3."),
    )


def _result(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(_received(facts)),
        Para(sentence(typed["subject_matter"]), lead="Nội dung:"),
        Para(f"{facts.unit} thông báo kết quả giải quyết theo văn bản {typed['document']} như sau:"),
        Para(sentence(typed["result"])),
        *((Para(sentence(typed["rights"])),) if typed["rights"] else ()),
        Para(f"{facts.unit} thông báo để {whom(facts)} biết."),
    )


def _outcome_document(facts: Facts) -> str:
    steps = [facts.step(code) for code in (M.DECIDE, M.CONCLUDE, M.ANSWER)]
    return document_of(next((step for step in steps if step), None))


def _rights(facts: Facts) -> str:
    if facts.type is not T.COMPLAINT:
        return ""
    if facts.level == 2:
        return "Nếu không đồng ý, ông (bà) có quyền khởi kiện vụ án hành chính tại Tòa án theo quy định của pháp luật."
    return (
        "Nếu không đồng ý, ông (bà) có quyền khiếu nại lần hai trong thời hạn luật định hoặc khởi kiện vụ án hành chính"
        " tại Tòa án theo quy định của pháp luật."
    )


DOCUMENT = Field(
    name="document",
    label=N_("Số, ngày của văn bản"),
    required=True,
    default=lambda facts: document_of(facts.step(M.ACCEPT)),
)
DUE = Field(
    name="due",
    label=N_("Thời hạn giải quyết"),
    default=lambda facts: f"đến hết {in_words(facts.due)}" if facts.due else "",
)
ENCLOSED = Field(name="enclosed", label=N_("Kèm theo"), rows=3, default=lambda facts: "\n".join(facts.papers))


def _subject(text: str) -> str:
    return f"Về việc {text}"


def _accepting(code: str, types: frozenset[T], *moves: M) -> Form:
    return Form(
        code=code,
        kind="Thông báo",
        subject=lambda facts: _subject(f"thụ lý giải quyết {noun(facts)}"),
        types=types,
        fields=(SUBJECT, DOCUMENT, DUE),
        blocks=_acceptance,
        to=to_person,
        moves=frozenset(moves),
    )


def _refusing(code: str, types: frozenset[T]) -> Form:
    return Form(
        code=code,
        kind="Thông báo",
        subject=lambda facts: _subject(f"không thụ lý giải quyết {noun(facts)}"),
        types=types,
        fields=(SUBJECT, _reason(M.REFUSE)),
        blocks=_not_accepted,
        to=to_person,
        moves=frozenset({M.REFUSE}),
    )


def _guiding(code: str, types: frozenset[T]) -> Form:
    return Form(
        code=code,
        kind="Phiếu hướng dẫn",
        subject=lambda facts: _subject(f"gửi đơn {noun(facts)} đến cơ quan có thẩm quyền"),
        types=types,
        fields=(SUBJECT, BODY, Field(name="grounds", label=N_("Giải thích thêm"), rows=2)),
        blocks=_guidance,
        to=to_person,
        moves=frozenset({M.GUIDE}),
    )


def _transferring(code: str, types: frozenset[T]) -> Form:
    return Form(
        code=code,
        kind="Phiếu chuyển đơn",
        subject=lambda facts: _subject(f"chuyển đơn {noun(facts)} đến cơ quan có thẩm quyền"),
        types=types,
        fields=(BODY, SUBJECT, ENCLOSED),
        blocks=_transfer,
        to=to_body,
        recipients=lambda facts, _typed: (
            ("Như trên", KEPT) if facts.secret else ("Như trên", *to_person(facts, {}), KEPT)
        ),
        moves=frozenset({M.TRANSFER}),
    )


FORMS = (
    Form(
        code="acceptance_proposal",
        kind="Phiếu đề xuất",
        subject=lambda facts: f"Thụ lý đơn {noun(facts)}",
        types=EVERY,
        fields=(
            Field(name="body", label=N_("Kính gửi"), required=True, default=head),
            SUBJECT,
            Field(
                name="settled",
                label=N_("Cơ quan đã giải quyết"),
                default=lambda facts: facts.settled_by,
            ),
            Field(
                name="proposal",
                label=N_("Đề xuất"),
                rows=3,
                required=True,
                default=lambda facts: f"đề nghị thụ lý giải quyết {noun(facts)} theo thẩm quyền.",
            ),
        ),
        blocks=_proposal,
        to=to_body,
        moves=frozenset({M.ACCEPT}),
        recipients=lambda _facts, _typed: (),
        signed=False,
    ),
    _guiding("complaint_guidance", COMPLAINT),
    _guiding("denunciation_guidance", DENUNCIATION),
    _transferring("petition_transfer", REQUESTS),
    _transferring("denunciation_transfer", DENUNCIATION),
    _accepting("complaint_acceptance", COMPLAINT, M.ACCEPT),
    _accepting("denunciation_acceptance", DENUNCIATION, M.ACCEPT, M.NOTIFY_ACCEPTANCE),
    _accepting("petition_acceptance", REQUESTS, M.ACCEPT),
    _refusing("complaint_refusal", COMPLAINT),
    _refusing("denunciation_refusal", DENUNCIATION),
    _refusing("petition_refusal", REQUESTS),
    Form(
        code="extension",
        kind="Quyết định",
        subject=lambda _facts: "Gia hạn giải quyết tố cáo",
        types=DENUNCIATION,
        fields=(
            Field(
                name="head",
                label=N_("Người ra quyết định"),
                required=True,
                default=head,
            ),
            SUBJECT,
            _reason(M.EXTEND),
            Field(name="days", label=N_("Số ngày gia hạn"), required=True, default=lambda _facts: "30"),
            Field(name="from", label=N_("Kể từ"), required=True, default=lambda facts: in_words(facts.due)),
            Field(
                name="doers",
                label=N_("Người thi hành"),
                required=True,
                default=lambda _facts: "Tổ xác minh và các cơ quan, cá nhân liên quan",
            ),
        ),
        blocks=_extension,
        recipients=lambda _facts, _typed: ("Như Điều 2", KEPT),
        by_head=True,
        moves=frozenset({M.EXTEND}),
    ),
    Form(
        code="result_notice",
        kind="Thông báo",
        subject=lambda facts: _subject(f"kết quả giải quyết {noun(facts)}"),
        types=EVERY,
        fields=(
            SUBJECT,
            Field(name="document", label=DOCUMENT.label, required=True, default=_outcome_document),
            Field(name="result", label=N_("Kết quả giải quyết"), rows=5, required=True),
            Field(name="rights", label=N_("Quyền của người nhận"), rows=3, default=_rights),
        ),
        blocks=_result,
        to=to_person,
        moves=frozenset({M.DECIDE, M.CONCLUDE, M.ANSWER, M.NOTIFY, M.TELL_CITIZEN}),
    ),
)
