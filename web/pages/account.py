"""One's own account: who I am here, my password, my language."""

from __future__ import annotations

from aiohttp import web as http

from hub.errors import BadInput
from hub.i18n import N_, Text
from hub.services import invitation_answers, people
from web import forms, keys, view
from web.security import own_address

routes = http.RouteTableDef()


@routes.get("/account")
async def show(request: http.Request) -> http.Response:
    actor = keys.actor(request)
    async with keys.deps(request).database.reading() as db:
        account = await people.get_account(db, actor, actor.account_id)
        has_feed = await invitation_answers.has_feed(db, actor)
    return view.render(request, "account/show.html", me=account, has_feed=has_feed, feed_address="")


@routes.post("/account/feed")
async def make_feed(request: http.Request) -> http.Response:
    """A new secret address of one's own calendar, shown this once; ``do=end`` takes it away."""
    actor, form = keys.actor(request), await forms.read(request)
    async with keys.deps(request).database.transaction() as db:
        if form.text("do") == "end":
            await invitation_answers.end_feed(db, actor)
            return view.redirect(request, "/account", notice="feed_ended")
        token = await invitation_answers.new_feed(db, actor)
        account = await people.get_account(db, actor, actor.account_id)
    address = f"{own_address(request)}/feeds/{token}.ics"
    return view.render(request, "account/show.html", me=account, has_feed=True, feed_address=address)


@routes.get("/account/password")
async def ask_password(request: http.Request) -> http.Response:
    return _password_page(request)


@routes.post("/account/password")
async def change_password(request: http.Request) -> http.Response:
    actor, session = keys.actor(request), keys.session(request)
    form = await forms.read(request)
    try:
        if form.secret("wanted") != form.secret("again"):
            form.faults["again"] = Text(N_("Hai lần ghi mật khẩu mới không giống nhau."))
        form.check()
        async with keys.deps(request).database.transaction() as db:
            await people.change_own_password(db, actor, form.secret("current"), form.secret("wanted"), keep=session)
    except BadInput as error:
        return _password_page(request, error)
    keys.tell_live(request, actor.account_id)
    return view.redirect(request, "/account", notice="password_changed")


def _password_page(request: http.Request, error: BadInput | None = None) -> http.Response:
    return view.render(
        request,
        "account/password.html",
        **view.told(error),
        must=keys.session(request).account.must_change_password,
        message=error.text if error else "",
        values={},
    )
