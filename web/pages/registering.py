"""Registering a case with the citizen waiting: one page, by keyboard, nothing lost on the way.

The page's script sends the same form and asks for JSON, so that what was typed never leaves the screen before the case
is registered; without scripts the page comes back with everything in it.
"""

from __future__ import annotations

from aiohttp import web as http
from sqlalchemy.ext.asyncio import AsyncSession

from hub.auth import Action, Actor, Target, may, require, scopes
from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.ids import new_id
from hub.models import Case, CaseType, IdentityMethod, LinkKind, OrgUnit, PartyKind, Point
from hub.services import case_links, cases, intake, people
from web import forms, keys, labels, view
from web.forms import Form
from web.middleware import wants_json
from web.pages.cases import IDENTITY_FIELDS
from web.translate import catalogue

routes = http.RouteTableDef()


@routes.get("/cases/new")
async def ask(request: http.Request) -> http.Response:
    """With ``?second_of=`` the second complaint after that case, begun with its words."""
    values = {"type": "", "party_kind": PartyKind.INDIVIDUAL.value, "people_count": "1", "visit": "yes"}
    if first_id := request.query.get("second_of", ""):
        async with keys.deps(request).database.reading() as db:
            first = await cases.get(db, keys.actor(request), first_id)
        values |= {"type": str(CaseType.COMPLAINT), "summary": first.summary, "content": first.content}
        values |= {"second_of": first.id, "first_number": first.number, "unit_id": first.unit_id}
    return await _page(request, values)


@routes.post("/cases/new")
async def register(request: http.Request) -> http.Response:
    """What looks odd or was registered before is asked about once; registered when it is right or confirmed."""
    actor, hub = keys.actor(request), keys.deps(request)
    require_registrar(actor)
    form = await forms.read(request)
    try:
        entry = _entry(form)
        form.check()
        async with hub.database.transaction() as db:
            found = await intake.already_registered(db, actor, entry.case.id)
            if found is None:
                found = await intake.register(db, hub.vault, actor, entry)
                await _link_first(db, actor, found, form.text("second_of"))
                await _ask_back(db, actor, found, entry, form)
    except BadInput as error:
        if wants_json(request):
            raise
        return await _page(request, dict(form.fields), error=error)
    except _Odd as odd:
        if wants_json(request):
            return view.json(_odd_json(request, odd))
        return await _page(request, dict(form.fields), odd=odd)
    return view.created(request, f"/cases/{found.id}", notice="case_registered")


class _Odd(Exception):
    """Acceptable but odd, or much like an earlier case: rolls the registration back so that the officer looks again."""

    def __init__(self, texts: dict[str, Text], alike: list[intake.Alike]) -> None:
        self.texts = texts
        self.alike = alike


async def _link_first(db: AsyncSession, actor: Actor, found: Case, first_id: str) -> None:
    if first_id:
        first = await cases.get(db, actor, first_id)
        await case_links.link(db, actor, found.id, found.version, first.number, LinkKind.SECOND_COMPLAINT)


async def _ask_back(db: AsyncSession, actor: Actor, found: Case, entry: intake.Entry, form: Form) -> None:
    """``seen`` names what the page has already shown beside the fields: nobody is asked twice."""
    if form.yes("confirmed"):
        return
    seen = set(form.text("seen").split())
    odd = {name: text for name, text in cases.warnings(entry.case).items() if name not in seen}
    # A second complaint says what the first said; that is its nature.
    alike = [] if form.text("second_of") else await intake.duplicates(db, actor, found)
    if form.text("second_of") and await case_links.is_early(db, actor, form.text("second_of")):
        odd["second_of"] = Text(
            N_("Khiếu nại lần đầu chưa có kết quả và chưa quá hạn giải quyết (Điều 33 Luật Khiếu nại).")
        )
    if odd or alike:
        raise _Odd(odd, alike)


def _odd_json(request: http.Request, odd: _Odd) -> dict[str, object]:
    book = catalogue(view.language_of(request))
    return {
        "odd": {name: view.sentence(request, text) for name, text in odd.texts.items()},
        "alike": [
            {
                "path": f"/cases/{one.case_id}",
                "number": one.number,
                "summary": one.summary,
                "why": [labels.label(book, "likeness", why) for why in one.why],
            }
            for one in odd.alike
        ],
    }


async def _page(
    request: http.Request, values: dict[str, str], *, error: BadInput | None = None, odd: _Odd | None = None
) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        units = await registering_units(db, actor)
        points = await registering_points(db, actor)
    values.setdefault("unit_id", actor.unit_id)
    values.setdefault("point_id", usual_point(points, values["unit_id"]))
    values.setdefault("entry_id", new_id())
    return view.render(
        request,
        "cases/new.html",
        status=error.status if error else 200,
        values=values,
        units=units,
        points=points,
        message=error.text if error else "",
        errors=error.fields if error else {},
        odd=odd.texts if odd else {},
        alike=odd.alike if odd else [],
    )


def require_registrar(actor: Actor) -> None:
    """Raises ``Forbidden`` for who may register nowhere."""
    require(actor, Action.REGISTER_CASE, Target(paths=tuple(scopes(actor, Action.REGISTER_CASE))))


async def registering_units(db: AsyncSession, actor: Actor) -> list[OrgUnit]:
    """Where this officer may register. Raises ``Forbidden`` for who may nowhere."""
    require_registrar(actor)
    units = await people.list_units(db, actor)
    return [unit for unit in units if may(actor, Action.REGISTER_CASE, Target(paths=(unit.path,)))]


async def registering_points(db: AsyncSession, actor: Actor, unit: OrgUnit | None = None) -> list[Point]:
    """Where this officer may receive; with ``unit`` in that unit and below."""
    points = await people.list_points(db, actor)
    paths = [one.unit.path for one in points]
    here = [may(actor, Action.REGISTER_CASE, Target(paths=(path,))) for path in paths]
    within = [unit is None or path.startswith(unit.path) for path in paths]
    return [one for one, *fits in zip(points, here, within, strict=True) if all(fits)]


def usual_point(points: list[Point], unit_id: str) -> str:
    """The only one of the unit, so that nobody need choose; else none."""
    own = [one.id for one in points if one.unit_id == unit_id]
    return own[0] if len(own) == 1 else ""


def _entry(form: Form) -> intake.Entry:
    method = form.text("identity_method")
    return intake.Entry(
        case=cases.NewCase(
            id=form.text("entry_id"),
            type=form.choice("type", CaseType, CaseType.COMPLAINT, N_("Hãy chọn loại vụ việc.")),
            summary=form.text("summary"),
            content=form.text("content"),
            party_kind=form.choice("party_kind", PartyKind, PartyKind.INDIVIDUAL),
            people_count=form.number("people_count", 1),
            unit_id=form.text("unit_id"),
            **{name: form.text(name) for name in IDENTITY_FIELDS},
        ),
        known_party=form.text("known_party"),
        visit=form.yes("visit"),
        identity_method=form.choice("identity_method", IdentityMethod, IdentityMethod.UNKNOWN) if method else None,
        identity_note=form.text("identity_note"),
        requested=form.text("requested"),
        settled_by=form.text("settled_by"),
        point_id=form.text("point_id"),
    )
