"""While a citizen stands there: what the ID number says, and whether this person was here before."""

from __future__ import annotations

from datetime import date

import msgspec
from aiohttp import web as http

from hub import cases as rules
from hub import citizen_id
from hub.auth import Action, Target, require, scopes
from hub.i18n import N_, Text
from hub.models import CaseType
from hub.services import known_parties
from hub.services.known_parties import KnownParty
from web import format as formats
from web import keys, labels, view
from web.translate import catalogue

routes = http.RouteTableDef()
CASES_SHOWN = 5


class Asked(msgspec.Struct):
    type: str
    id_number: str = ""
    name: str = ""
    birth: str = ""
    number_only: bool = False
    """Only what the number says by itself: nobody is looked for."""


@routes.post("/api/intake/person")
async def person(request: http.Request) -> http.Response:
    """``{"says", "warning", "people": [{id, name, birth, address, phone, number, cases: […]}]}``.

    Personal data is sent in the body, never in an address. Nobody is looked for while a denunciation is entered.
    """
    actor, hub = keys.actor(request), keys.deps(request)
    require(actor, Action.REGISTER_CASE, Target(paths=tuple(scopes(actor, Action.REGISTER_CASE))))
    asked = await view.body(request, Asked)
    found: list[KnownParty] = []
    if asked.type != CaseType.DENUNCIATION and not asked.number_only:
        async with hub.database.transaction() as db:
            name = asked.name[: rules.LINE_MAX]
            found = await known_parties.find(db, hub.vault, actor, id_number=asked.id_number[:40], name=name)
    says, warning = _number(asked, formats.today())
    return view.json(
        {
            "says": view.sentence(request, says) if says else "",
            "warning": view.sentence(request, warning) if warning else "",
            "people": [_person(request, one) for one in found],
        }
    )


def _number(asked: Asked, today: date) -> tuple[Text | None, Text | None]:
    number = rules.compact(asked.id_number).upper()
    if not number:
        return None, None
    warning = rules.odd_number(number, asked.birth, today)
    said = citizen_id.read(number)
    if said:
        return citizen_id.sentence(said), warning
    return (Text(N_("Có dạng số hộ chiếu.")) if citizen_id.is_passport(number) else None), warning


def _person(request: http.Request, one: KnownParty) -> dict[str, object]:
    book = catalogue(view.language_of(request))
    who = one.identity
    return {
        "id": one.party_id,
        "kind": str(one.kind),
        "name": who.name,
        "birth": who.birth,
        "address": who.address,
        "phone": who.phone,
        "number": who.masked_id_number,
        "cases": [
            {
                "path": f"/cases/{case.id}",
                "number": case.number,
                "type": labels.label(book, "case_type", case.type),
                "state": labels.label(book, "case_state", case.state),
                "summary": case.summary,
                "day": formats.short_date(case.received_at),
            }
            for case in one.cases[:CASES_SHOWN]
        ],
    }
