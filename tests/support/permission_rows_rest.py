"""The hub itself: accounts, units, rules, and what is open: the rows of ``tests.support.permission_table``."""

from __future__ import annotations

from tests.support.permission_table import ANYONE, get, post

ADMIN = "administrator"
ADMINS = "administrator*"
ABSENT = "heads and administrators of the account's unit and above, and everybody of themselves"
MANAGES = "administrators of the account's unit, and above"
PLACES = "administrators of the unit, and above"
RULES = "one law for the whole hub: administrators of its highest unit"
LAW = "the law is nobody's secret; who has a role works by it"
LOGGED_IN = "officer* leader* secretary* auditor* technician* administrator*"
IMPORT = "/import/{what}/{job_id}"
OPEN = "open to everybody"
TOKEN = "whoever has the secret address"

ROWS = (
    get("/", "all"),
    get("/account", "all", "one's own"),
    get("/account/password", "all", "one's own"),
    post("/account/password", "all", "one's own"),
    post("/account/feed", "all", "one's own"),
    get("/accounts", ADMINS, "each sees their own scope"),
    get("/accounts/new", ADMINS, MANAGES),
    post("/accounts/new", ADMINS, MANAGES),
    get("/accounts/{account_id}", ADMIN, MANAGES),
    post("/accounts/{account_id}", ADMIN, MANAGES),
    post("/accounts/{account_id}/password", ADMIN, MANAGES),
    post("/accounts/{account_id}/disable", ADMIN, MANAGES),
    post("/accounts/{account_id}/enable", ADMIN, MANAGES),
    get("/staff", "all", "each sees their own scope, else is led to their own page"),
    get("/staff/{account_id}", "administrator leader technician!", ABSENT),
    post("/staff/{account_id}/absences", "administrator leader technician!", ABSENT),
    post("/absences/{absence_id}/end", "administrator leader technician!", ABSENT),
    get("/staff/{account_id}/handover", "leader", "heads give out the work"),
    post("/staff/{account_id}/handover", "leader", "heads give out the work"),
    get("/units", ADMINS, "each sees their own scope"),
    get("/units/new", ADMINS, PLACES),
    post("/units/new", ADMINS, PLACES),
    get("/units/{unit_id}", ADMIN, PLACES),
    post("/units/{unit_id}", ADMIN, PLACES),
    get("/units/{unit_id}/papers", ADMIN, PLACES),
    post("/units/{unit_id}/papers", ADMIN, PLACES),
    get("/points", ADMINS, "each sees their own scope"),
    get("/points/new", ADMINS, PLACES),
    post("/points/new", ADMINS, PLACES),
    get("/points/{point_id}", ADMIN, PLACES),
    post("/points/{point_id}", ADMIN, PLACES),
    get("/mail", ADMINS, "each sees their own scope"),
    post("/mail/{mail_id}/retry", ADMIN, MANAGES),
    get("/import/{what}", ADMINS, PLACES),
    post("/import/{what}", ADMINS, PLACES),
    get("/import/{what}/template.{ending}", ADMINS, PLACES),
    get(IMPORT, "", "who began it, while it lasts: nobody here"),
    get(IMPORT + "/faults.csv", "", "who began it, while it lasts: nobody here"),
    post(IMPORT, "", "who began it, while it lasts: nobody here"),
    post(IMPORT + "/renew", "", "who began it, while it lasts: nobody here"),
    post(IMPORT + "/passwords", "", "who began it, once: nobody here"),
    get("/audit", "auditor* administrator*", "each sees their own scope"),
    get("/deadlines", LOGGED_IN, LAW),
    get("/forms", LOGGED_IN, LAW),
    get("/rules", LOGGED_IN, LAW),
    get("/rules/{rule_id}", LOGGED_IN, LAW),
    get("/rules/new", "administrator.above", RULES),
    post("/rules/new", "administrator.above", RULES),
    post("/rules/{rule_id}", "administrator.above", RULES),
    get("/holidays", LOGGED_IN, LAW),
    get("/holidays/{holiday_id}", LOGGED_IN, LAW),
    get("/holidays/new", "administrator.above", RULES),
    post("/holidays/new", "administrator.above", RULES),
    post("/holidays/{holiday_id}", "administrator.above", RULES),
    get("/api/session", "all", "one's own"),
    get("/api/probe", "all", "a device check asks for the relays there are"),
    post("/api/probe", "all", "a device check asks a media worker to answer"),
    get("/sign-in", ANYONE, OPEN),
    post("/sign-in", ANYONE, OPEN),
    post("/sign-out", "all", "one's own"),
    post("/language", ANYONE, OPEN),
    get("/healthz", ANYONE, OPEN),
    get("/readyz", ANYONE, "the details for the machine itself, administrators and technicians"),
    get("/metrics", ANYONE, "from the machine itself, as here, and for administrators"),
    get("/robots.txt", ANYONE, OPEN),
    get("/favicon.svg", ANYONE, OPEN),
    get("/static/{version}/{path}", ANYONE, OPEN),
    get("/keys", ANYONE, "public keys"),
    get("/keys/{fingerprint}.pem", ANYONE, "public keys"),
    get("/notice", ANYONE, "what is posted for everybody (42/2013 Art 24)"),
    get("/notice/{unit_code}", ANYONE, "what is posted for everybody (42/2013 Art 24)"),
    get("/verify/{token}", ANYONE, "whoever holds the paper", "paper"),
    get("/invitations/{token}", ANYONE, TOKEN),
    post("/invitations/{token}", ANYONE, TOKEN),
    get("/board/{token}", ANYONE, TOKEN, "board"),
    get("/board/{token}/state", ANYONE, TOKEN, "board"),
    get("/feeds/{token}.ics", ANYONE, TOKEN, "feed"),
)
