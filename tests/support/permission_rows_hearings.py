"""Hearings and what is written and recorded of them: the rows of ``tests.support.permission_table``."""

from __future__ import annotations

from tests.support.permission_table import get, post

TABLE = "chair deputy clerk"
INVITED = f"officer leader secretary auditor technician {TABLE} officer.point leader.point"
PAPERS = f"officer leader secretary auditor {TABLE} officer.point leader.point"
BOOKERS = "officer secretary"
REPLAYS = "auditor leader leader.point"
ANY_BOOKER = "officer* secretary*"

READS = "the unit that holds it and those above, who sits in it, the units of its points and those above"
BOOKS = "officers and secretaries of the unit that holds it, and above"
HEAD = "who runs the hearing: chair, deputy, secretary"
FOLLOWS = "who ran the hearing, and leaders and secretaries of its unit and above"
KEEPS = "the archive is the holding unit's; its points keep and destroy nothing of it"
POINT = "an officer of the point's unit, or above"
ONE = "/hearings/{hearing_id}"
CHECK = {"seat_id": "{seat_id}", **dict.fromkeys(("camera", "microphone", "loudspeaker", "connection"), "ok")}
PAPER = "/hearings/{hearing_id}/documents/{document_id}"
RECORDED = "/recordings/{recording_id}"

ROWS = (
    get("/hearings", "all", "each sees their own"),
    get("/hearings/coming", "all", "each sees their own"),
    get("/hearings/all", "all", "each sees their own"),
    get("/calendar", "all", "each sees their own"),
    get("/hearings/new", ANY_BOOKER, BOOKS),
    post("/hearings/new", ANY_BOOKER, BOOKS),
    get(
        "/api/hearings/occupied",
        ANY_BOOKER,
        "who books must see who is taken, not for what",
        "",
        day="23/11/2027",
        starts="08:00",
        ends="09:00",
    ),
    get("/api/hearings/free", ANY_BOOKER, BOOKS, "", day="23/11/2027", starts="08:00", ends="09:00"),
    get(ONE, INVITED, READS),
    get(ONE, INVITED, READS, "coming"),
    get("/hearings/{hearing_id}/edit", BOOKERS, BOOKS, "coming"),
    post("/hearings/{hearing_id}/edit", BOOKERS, BOOKS, "coming"),
    post("/hearings/{hearing_id}/postpone", BOOKERS, BOOKS, "coming"),
    post("/hearings/{hearing_id}/cancel", BOOKERS, BOOKS, "coming"),
    post("/hearings/{hearing_id}/replace", BOOKERS, BOOKS, "coming"),
    get("/hearings/{hearing_id}/seats/{seat_id}", "officer officer.point", POINT, "coming"),
    post("/api/hearings/{hearing_id}/device-check", "officer officer.point", POINT, "coming", **CHECK),
    post("/api/hearings/{hearing_id}/notice", "officer officer.point", POINT, "coming", seat_id="{seat_id}"),
    post(
        "/hearings/{hearing_id}/devices",
        f"{BOOKERS} officer.point",
        "who books it, and at a point its own officers",
        "coming",
    ),
    post("/hearings/{hearing_id}/devices/{token_id}/revoke", f"{BOOKERS} officer.point", BOOKS, "coming"),
    get("/hearings/{hearing_id}/queue", INVITED, READS, "coming"),
    post("/hearings/{hearing_id}/queue", f"{BOOKERS} officer.point", BOOKS, "coming", point="{point_id}"),
    get("/hearings/{hearing_id}/lines", f"{INVITED} administrator", "figures without contents"),
    get("/hearings/{hearing_id}/lines/{seat_id}", f"{INVITED} administrator", "figures without contents"),
    get("/hearings/{hearing_id}/papers", f"officer leader secretary auditor {TABLE}", "who may read its cases"),
    post("/hearings/{hearing_id}/papers/{case_id}/read", f"officer leader secretary auditor {TABLE}", "for oneself"),
    post("/hearings/{hearing_id}/papers/order", f"{BOOKERS} chair clerk", "who books it and who calls the cases"),
    get("/hearings/{hearing_id}/minutes", PAPERS, "once they are frozen, all but technicians who read the hearing"),
    get("/hearings/{hearing_id}/minutes/reading", PAPERS, READS),
    get("/hearings/{hearing_id}/minutes/print", PAPERS, READS),
    get("/hearings/{hearing_id}/minutes/scans/{scan_id}", PAPERS, READS, "minutes"),
    post("/hearings/{hearing_id}/minutes/scans/{scan_id}", PAPERS, READS, "minutes"),
    post("/hearings/{hearing_id}/minutes/freeze", TABLE, HEAD),
    post("/hearings/{hearing_id}/minutes/reopen", TABLE, HEAD),
    post("/hearings/{hearing_id}/minutes/lock", TABLE, HEAD),
    post("/hearings/{hearing_id}/minutes/annexes", TABLE, HEAD),
    post("/hearings/{hearing_id}/minutes/answers", "officer officer.point", POINT, "", seat_id="{seat_id}"),
    post("/hearings/{hearing_id}/minutes/scans", TABLE, HEAD),
    post("/hearings/{hearing_id}/minutes/scans/{scan_id}/mark", TABLE, HEAD, "minutes"),
    post("/api/hearings/{hearing_id}/minutes", TABLE, HEAD),
    post("/api/hearings/{hearing_id}/minutes/freeze", TABLE, HEAD),
    post("/api/hearings/{hearing_id}/minutes/answers", "officer officer.point", POINT, "", seat_id="{seat_id}"),
    post("/hearings/{hearing_id}/minutes/document", TABLE, HEAD, "coming"),
    post("/hearings/{hearing_id}/minutes/annexes/{annex_id}/document", TABLE, HEAD, "coming"),
    get(PAPER + "/{kind}", PAPERS, READS, "paper of minutes"),
    post(PAPER + "/scans", TABLE, HEAD, "paper of minutes"),
    post(PAPER + "/scans/{scan_id}/mark", TABLE, HEAD, "paper of minutes"),
    get(PAPER + "/scans/{scan_id}", PAPERS, READS, "paper of minutes"),
    post(PAPER + "/scans/{scan_id}", PAPERS, READS, "paper of minutes"),
    get("/conclusions", "all", "each sees their own"),
    get("/hearings/{hearing_id}/conclusions/new", TABLE, HEAD),
    post("/hearings/{hearing_id}/conclusions/new", TABLE, HEAD),
    get("/conclusions/{conclusion_id}", PAPERS, READS),
    get("/conclusions/{conclusion_id}/print", PAPERS, READS),
    get("/conclusions/{conclusion_id}/edit", TABLE, HEAD, "draft"),
    post("/conclusions/{conclusion_id}/edit", TABLE, HEAD, "draft"),
    get("/conclusions/{conclusion_id}", TABLE, "a draft is for who writes it", "draft"),
    post("/conclusions/{conclusion_id}/document", TABLE, HEAD),
    post("/conclusions/{conclusion_id}/document", TABLE, HEAD, "draft"),
    post("/conclusions/{conclusion_id}/issue", "chair", "the chair's alone: from then on it binds", "draft"),
    post(
        "/conclusions/{conclusion_id}/tasks/{task_id}/{step}",
        "officer leader officer.point leader.point",
        "officers and leaders of the unit that owns the task, and above",
    ),
    post(
        "/conclusions/{conclusion_id}/tasks/{task_id}/{step}", f"leader secretary {TABLE}", FOLLOWS, "", step="confirm"
    ),
    get("/series", "all", "each sees their own scope"),
    get("/series/new", ANY_BOOKER, BOOKS),
    post("/series/new", ANY_BOOKER, BOOKS),
    get("/series/{series_id}", "officer leader secretary auditor technician", "the unit that holds it, and above"),
    get("/series/{series_id}/edit", BOOKERS, BOOKS),
    post("/series/{series_id}/edit", BOOKERS, BOOKS),
    get("/postings", "all", "each sees their own"),
    post("/postings", ANY_BOOKER, BOOKS),
    get("/minimums", "all", "each sees their own scope"),
    get("/minimums/{unit_id}", BOOKERS, BOOKS),
    post("/minimums/{unit_id}", BOOKERS, BOOKS),
    get(RECORDED, INVITED, READS),
    post(RECORDED + "/replay", REPLAYS, "the units it concerns, for a reason that is logged"),
    get("/replays/{replay_id}", "auditor.own", "who asked for it, nobody else"),
    get("/api/replays/{replay_id}/timeline", "auditor.own", "who asked for it, nobody else"),
    get("/api/replays/{replay_id}/segments/{segment_id}", "auditor.own", "who asked for it, nobody else"),
    get("/api/replays/{replay_id}/segments", "auditor.own", "who asked for it, nobody else"),
    post(RECORDED + "/download", REPLAYS, "the units it concerns, for a reason that is logged"),
    post(RECORDED + "/keeping", "auditor leader", KEEPS, "", do="hold"),
    post(RECORDED + "/keeping", "auditor leader", KEEPS, "", do="propose_emergency"),
    post(RECORDED + "/keeping", "leader", "the head decides on what somebody else proposed", "", do="approve"),
    post(RECORDED + "/withhold", REPLAYS, "to protect who could be known by it"),
    post("/withheld/{passage_id}/lift", "leader!", "a leader of the very unit that held the hearing"),
    post(RECORDED + "/verify", "auditor", "on the page that who replays sees"),
    get("/api/recordings/{recording_id}/verification", "auditor", "on the page that who replays sees"),
    get(RECORDED + "/destruction.json", INVITED, "the certificate shows no contents"),
    get(RECORDED + "/destruction.zip", INVITED, "the certificate shows no contents"),
    get("/archive", "auditor* leader* administrator*", "each sees their own scope"),
    get("/help-desk", "technician* administrator*", "each sees their own scope"),
    get("/api/help-desk", "technician* administrator*", "each sees their own scope"),
)
