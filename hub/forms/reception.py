"""Papers of the reception itself: refusal, receipt, minutes, appointment, conclusion. PURE."""

from __future__ import annotations

from hub.case_moves import MoveCode as M
from hub.forms.facts import (
    EVERY,
    GROUNDS,
    SUBJECT,
    Facts,
    Field,
    Form,
    Typed,
    hour_of,
    noun,
    person_fields,
    reception_law,
    sentence,
    to_person,
    whom,
)
from hub.i18n import N_
from hub.papers import Block, Heading, Items, Para, Signatures, Signer, Table


def _refusal_reason(facts: Facts) -> str:
    reception = facts.reception
    if reception is None:
        return ""
    return "\n".join(sentence(part) for part in (reception.refusal_ground, reception.refusal_reason) if part)


def _refusal(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(f"{facts.received_on.capitalize()}, {facts.unit} đã tiếp:"),
        person_fields(facts),
        *((Para(f"Đến đề nghị tiếp về việc: {sentence(typed['subject_matter'])}"),) if typed["subject_matter"] else ()),
        Para(f"Căn cứ Điều 9 {reception_law(facts.today)}, {facts.unit} từ chối tiếp {whom(facts)} vì lý do sau:"),
        Para(sentence(typed["grounds"])),
        Para(f"{facts.unit} thông báo để {whom(facts)} biết và chấp hành theo quy định của pháp luật."),
    )


def _handed_over(facts: Facts) -> Table:
    rows = tuple(
        (f"{number}", one.name, f"{one.pages}", f"{one.originals or '-'}", f"{one.copies or '-'}", "")
        for number, one in enumerate(facts.handed_over, 1)
    )
    head = ("STT", "Tên giấy tờ, tài liệu", "Số tờ", "Bản chính", "Bản sao", "Ghi chú")
    return Table(head, rows, (1.3, 7, 1.4, 1.4, 1.4, 2.2), (2, 3, 4))


def _receipt(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    # Of a denunciation the office keeps two (Circular 06/2014, form 02).
    copies = "03 bản: người cung cấp giữ 01 bản, cơ quan giữ 02 bản" if facts.secret else "02 bản, mỗi bên giữ một bản"
    return (
        Para(f"Vào hồi {typed['hour'] or '......'} {facts.received_on}, tại {typed['where']}."),
        Para(f"Tôi là: {facts.officer}, chức vụ: {facts.officer_title or '..................'}, đã nhận của:"),
        person_fields(facts),
        Para(f"Các giấy tờ, tài liệu về vụ việc {noun(facts)} số {facts.case_no}:"),
        _handed_over(facts),
        Para(f"Giấy biên nhận này được lập thành {copies}."),
        Signatures((Signer("Người cung cấp", facts.person.name), Signer("Người nhận", facts.officer))),
    )


def _minutes(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(f"Hồi {typed['hour'] or '......'} {facts.received_on}, tại {typed['where']}."),
        Heading("I. Thành phần"),
        Para(f"1. Người tiếp công dân: {facts.officer}, {facts.officer_title or 'chức vụ: ..................'}."),
        Para("2. Người được tiếp:"),
        person_fields(facts),
        *((Para(f"3. Người khác: {sentence(typed['others'])}"),) if typed["others"] else ()),
        Heading("II. Nội dung"),
        Para(sentence(typed["subject_matter"]), lead="1. Nội dung trình bày:"),
        Para(sentence(typed["requested"]) or "..................", lead="2. Yêu cầu, đề nghị:"),
        Para(sentence(typed["advised"]) or "..................", lead="3. Ý kiến của người tiếp công dân:"),
        Para(
            "Biên bản kết thúc hồi ...... cùng ngày, đã đọc lại cho những người có tên trên cùng nghe, công nhận đúng và ký tên."
        ),
        Signatures((Signer("Người được tiếp", facts.person.name), Signer("Người tiếp công dân", facts.officer))),
    )


def _appointment(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(
            f"Ngày {facts.received:%d/%m/%Y}, {facts.unit} đã tiếp {whom(facts)} về vụ việc số {facts.case_no}: {sentence(typed['subject_matter'])}"
        ),
        Para(f"{facts.unit} hẹn {whom(facts)}:"),
        Items((f"Thời gian: {typed['when']}", f"Địa điểm: {typed['where']}", f"Nội dung: {typed['purpose']}")),
        *((Para(f"Khi đến, đề nghị mang theo: {sentence(typed['bring'])}"),) if typed["bring"] else ()),
    )


def _conclusion(facts: Facts, typed: Typed) -> tuple[Block, ...]:
    return (
        Para(
            f"{facts.received_on.capitalize()}, tại {typed['where']}, {typed['chair']} đã tiếp {whom(facts)} về vụ việc số {facts.case_no}: {sentence(typed['subject_matter'])}"
        ),
        Para(f"Sau khi nghe công dân trình bày và ý kiến của các cơ quan, {typed['chair']} kết luận như sau:"),
        Para(sentence(typed["conclusion"])),
        *((Para(f"Thời hạn thực hiện: {sentence(typed['deadline'])}"),) if typed["deadline"] else ()),
        Para(f"{facts.unit} thông báo để các cơ quan, cá nhân liên quan biết, thực hiện."),
    )


HOUR = Field(name="hour", label=N_("Giờ"), hint=N_("Như 08 giờ 30 phút"), default=hour_of)
WHERE = Field(name="where", label=N_("Địa điểm"), required=True, default=lambda facts: f"trụ sở {facts.unit}")

FORMS = (
    Form(
        code="reception_refusal",
        kind="Thông báo",
        subject=lambda _facts: "Về việc từ chối tiếp công dân",
        types=EVERY,
        fields=(
            Field(name="subject_matter", label=SUBJECT.label, rows=3, default=lambda facts: facts.summary),
            Field(name="grounds", label=GROUNDS.label, rows=3, required=True, default=_refusal_reason),
        ),
        blocks=_refusal,
        to=to_person,
        about_visits=True,
    ),
    Form(
        code="receipt",
        kind="Giấy biên nhận",
        subject=lambda _facts: "Về việc tiếp nhận giấy tờ, tài liệu",
        types=EVERY,
        fields=(HOUR, WHERE),
        blocks=_receipt,
        moves=frozenset({M.REGISTER, M.CLASSIFY, M.INFO_RECEIVED}),
        recipients=lambda _facts, _typed: (),
        signed=False,
        from_receipt=True,
    ),
    Form(
        code="reception_minutes",
        kind="Biên bản",
        subject=lambda _facts: "Tiếp công dân",
        types=EVERY,
        fields=(
            HOUR,
            WHERE,
            Field(name="others", label=N_("Người khác tham dự"), rows=2),
            SUBJECT,
            Field(
                name="requested",
                label=N_("Yêu cầu, đề nghị"),
                rows=3,
                default=lambda facts: facts.reception.requested if facts.reception else "",
            ),
            Field(
                name="advised",
                label=N_("Ý kiến của người tiếp công dân"),
                rows=3,
                default=lambda facts: facts.reception.advised if facts.reception else "",
            ),
        ),
        blocks=_minutes,
        moves=frozenset({M.REGISTER, M.CLASSIFY}),
        recipients=lambda _facts, _typed: (),
        signed=False,
    ),
    Form(
        code="appointment_slip",
        kind="Phiếu hẹn",
        subject=lambda _facts: "",
        types=EVERY,
        fields=(
            Field(name="when", label=N_("Thời gian hẹn"), required=True, hint=N_("Như 08 giờ 30 ngày 30/11/2026")),
            WHERE,
            Field(
                name="purpose",
                label=N_("Nội dung hẹn"),
                rows=2,
                required=True,
                default=lambda facts: f"Tiếp, trả lời về {noun(facts)}",
            ),
            Field(name="bring", label=N_("Giấy tờ cần mang theo")),
            SUBJECT,
        ),
        blocks=_appointment,
        to=to_person,
        moves=frozenset({M.MORE_TIME, M.ASK_INFO}),
    ),
    Form(
        code="conclusion_notice",
        kind="Thông báo",
        subject=lambda _facts: "Kết luận việc tiếp công dân",
        types=EVERY,
        fields=(
            Field(name="chair", label=N_("Người tiếp, chức vụ"), required=True),
            WHERE,
            SUBJECT,
            Field(name="conclusion", label=N_("Kết luận"), rows=6, required=True),
            Field(name="deadline", label=N_("Thời hạn thực hiện")),
        ),
        blocks=_conclusion,
        moves=frozenset({M.CLASSIFY, M.VERIFY}),
        recipients=lambda _facts, _typed: ("Các cơ quan, cá nhân liên quan", "Lưu: VT, hồ sơ"),
    ),
)
