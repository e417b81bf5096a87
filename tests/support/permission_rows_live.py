"""A hearing's socket, and the doors of room encoders and wall displays: rows of ``tests.support.permission_table``.

``JOIN`` takes the seat that the variant names; ``SAY`` sends the message that it names, from a seat of the hearing.
Doors know bearer tokens alone: ``device`` is whoever carries one, whoever is signed in beside it.
"""

from __future__ import annotations

from tests.support.permission_table import ANYONE, DEVICE, Row

SOCKET = "/ws/hearings/{hearing_id}"
DOOR = "/{door}/{hearing_id}/{seat_id}"
SESSION = DOOR + "/{session_id}"

SEATS = "chair deputy clerk officer.point"
NAMED = "the account that was booked for it"
OWN = "whoever has a seat, for that seat"
CHAIRS = "who chairs"
RUNS = "who runs the hearing"
BEARER = "the token opens this seat, this direction, until it expires, is revoked or the hearing ends"


def join(seat: str, who: str, why: str) -> Row:
    return Row("JOIN", SOCKET, who, why, seat)


def say(message: str, who: str, why: str) -> Row:
    return Row("SAY", SOCKET, who, why, message)


SEAT_ROWS = (
    join("chair", "chair", NAMED),
    join("deputy", "deputy", NAMED),
    join("secretary", "clerk", NAMED),
    join("point", "officer officer.point", "an officer of the point's unit, or above"),
)

MESSAGE_ROWS = (
    say("ping", SEATS, OWN),
    say("line", SEATS, OWN),
    say("view", SEATS, OWN),
    say("set_media", SEATS, OWN),
    say("publish", SEATS, OWN),
    say("subscribe", SEATS, OWN),
    say("answer", SEATS, OWN),
    say("raise_hand", SEATS, OWN),
    say("lower_hand", SEATS, OWN),
    say("say", SEATS, OWN),
    say("watch_line", "chair deputy clerk", RUNS),
    say("note", "chair clerk", "who writes the record"),
    say("call_case", "chair clerk", "who calls the cases"),
    say("open", "chair", CHAIRS),
    say("admit", "chair", CHAIRS),
    say("remove", "chair", CHAIRS),
    say("mute", "chair", CHAIRS),
    say("unmute", "chair", CHAIRS),
    say("give_floor", "chair", CHAIRS),
    say("take_floor", "chair", CHAIRS),
    say("set_publishing", "chair", CHAIRS),
    say("allow_publishing", "chair", CHAIRS),
    say("withdraw_publishing", "chair", CHAIRS),
    say("recess", "chair", CHAIRS),
    say("resume", "chair", CHAIRS),
    say("take_chair", "deputy clerk", "when the chair is lost"),
    say("end", "chair", CHAIRS),
    say("leave", SEATS, OWN),
)

DOOR_ROWS = (
    Row("OPTIONS", DOOR, ANYONE, "what may be asked for (RFC 9725 §4.2)"),
    Row("POST", DOOR, DEVICE, BEARER),
    Row("*", DOOR, "", "reserved (RFC 9725 §4.1)"),
    Row("OPTIONS", SESSION, ANYONE, "what may be asked for (RFC 9725 §4.2)"),
    Row("PATCH", SESSION, DEVICE, BEARER),
    Row("DELETE", SESSION, DEVICE, BEARER),
    Row("*", SESSION, "", "reserved (RFC 9725 §4.1)"),
)

ROWS = (*SEAT_ROWS, *MESSAGE_ROWS, *DOOR_ROWS)
ADDRESSES = {("GET", SOCKET), *((row.method, row.path) for row in DOOR_ROWS)}
