"""Cases, who came with them, the register of receptions: the rows of ``tests.support.permission_table``."""

from __future__ import annotations

from tests.support.permission_table import get, post

READERS = "officer leader secretary auditor chair deputy clerk officer.recipient leader.recipient"
SECRET = "officer leader secretary auditor"
VAULT = "officer! leader!"
REGISTRARS = "officer*"

READS = "its unit and those above; who sits at the head of a hearing about it; the body it was transferred to"
EDITS = "who receives citizens: officers of the unit and above (42/2013 Art 8, 26)"
DECIDES = "officers prepare, leaders decide (42/2013 Art 28)"
STAYS = "a denouncer's identity stays in the very unit that received it (25/2018/QH14 Art 56)"
ONE = "/cases/{case_id}"
PAPER = "/cases/{case_id}/documents/{document_id}"
REFUSED = "/visits/{visit_id}/documents"
OF_REFUSED = REFUSED + "/{document_id}"
EXTRA = "/cases/{case_id}/told/{code}/{notice_id}"

ROWS = (
    get("/cases", "officer* leader* secretary* auditor*", "each sees their own scope"),
    get("/api/cases", "officer* leader* secretary* auditor*", "each sees their own scope"),
    get("/tasks", "officer* leader* secretary* auditor*", "each sees their own scope"),
    get("/tasks/counts", "officer* leader* secretary* auditor*", "each counts in their own scope"),
    get("/cases/new", REGISTRARS, EDITS),
    post("/cases/new", REGISTRARS, EDITS),
    post("/api/intake/person", REGISTRARS, EDITS),
    get(ONE, READERS, READS),
    get(ONE, SECRET, "heard nowhere and transferred to nobody; the page knows the pseudonym only", "denunciation"),
    get("/cases/{case_id}/edit", "officer", EDITS),
    post("/cases/{case_id}/edit", "officer", EDITS),
    get("/cases/{case_id}/facts", "officer", EDITS),
    post("/cases/{case_id}/facts", "officer", EDITS),
    get("/cases/{case_id}/moves/{code}", "officer", EDITS),
    post("/cases/{case_id}/moves/{code}", "officer", EDITS),
    post("/cases/{case_id}/links", "officer", EDITS),
    get("/cases/{case_id}/assign", "leader", "heads give out the work"),
    post("/cases/{case_id}/assign", "leader", "heads give out the work"),
    get("/cases/{case_id}/transfer", "officer", EDITS),
    post("/cases/{case_id}/transfer", "officer", EDITS),
    get("/cases/{case_id}/told/{code}", "officer", EDITS, code="accept"),
    post("/cases/{case_id}/told/{code}", "officer", EDITS),
    post(EXTRA + "/delivered", "officer", EDITS),
    post(EXTRA + "/proof", "officer", EDITS),
    get("/cases/{case_id}/receipts/new", "officer", EDITS),
    post("/cases/{case_id}/receipts/new", "officer", EDITS),
    get("/cases/{case_id}/people", "officer", EDITS),
    post("/cases/{case_id}/people", "officer", EDITS),
    post("/cases/{case_id}/people/{row_id}/end", "officer", EDITS),
    post("/cases/{case_id}/needs", "officer", EDITS),
    get("/cases/{case_id}/split", "officer", EDITS),
    post("/cases/{case_id}/split", "officer", EDITS),
    get("/cases/{case_id}/state-secret", "officer leader", DECIDES),
    post("/cases/{case_id}/state-secret", "officer leader", DECIDES),
    post("/cases/{case_id}/identity", "officer leader", "who came, for a reason that is logged"),
    post("/cases/{case_id}/identity", VAULT, STAYS, "denunciation"),
    post("/cases/{case_id}/attachments", "officer", EDITS),
    get("/cases/{case_id}/attachments/{attachment_id}", READERS, READS),
    get("/cases/{case_id}/attachments/{attachment_id}", VAULT, STAYS, "denunciation"),
    post("/cases/{case_id}/attachments/{attachment_id}", READERS, READS),
    post("/cases/{case_id}/attachments/{attachment_id}", VAULT, STAYS, "denunciation"),
    get("/cases/{case_id}/documents", READERS, READS),
    get("/cases/{case_id}/documents/new/{form_code}", "officer leader", DECIDES),
    post("/cases/{case_id}/documents/new/{form_code}", "officer leader", DECIDES),
    get(PAPER + "/{kind}", READERS, READS),
    get(PAPER + "/{kind}", VAULT, STAYS, "denunciation"),
    post(PAPER + "/{kind}", READERS, READS),
    post(PAPER + "/{kind}", VAULT, STAYS, "denunciation"),
    post(PAPER + "/finish", "officer leader", DECIDES),
    post(PAPER + "/scans", "officer leader", DECIDES),
    get(PAPER + "/scans/{scan_id}", READERS, READS),
    get(PAPER + "/scans/{scan_id}", VAULT, STAYS, "denunciation"),
    post(PAPER + "/scans/{scan_id}", READERS, READS),
    post(PAPER + "/scans/{scan_id}", VAULT, STAYS, "denunciation"),
    post(PAPER + "/scans/{scan_id}/mark", "officer leader", DECIDES, "", mistaken="yes", reason="Nhầm"),
    post(PAPER + "/void", "officer leader", DECIDES),
    get(REFUSED, SECRET, "the unit that received, and above", "refusal"),
    get(REFUSED + "/new/{form_code}", "officer leader", DECIDES, "refusal"),
    post(REFUSED + "/new/{form_code}", "officer leader", DECIDES, "refusal"),
    get(OF_REFUSED + "/{kind}", SECRET, "the unit that received, and above", "refusal"),
    post(OF_REFUSED + "/{kind}", SECRET, "the unit that received, and above", "refusal"),
    post(OF_REFUSED + "/finish", "officer leader", DECIDES, "refusal"),
    post(OF_REFUSED + "/void", "officer leader", DECIDES, "refusal"),
    post(OF_REFUSED + "/scans", "officer leader", DECIDES, "refusal"),
    post(OF_REFUSED + "/scans/{scan_id}/mark", "officer leader", DECIDES, "refusal"),
    get(OF_REFUSED + "/scans/{scan_id}", SECRET, "the unit that received, and above", "refusal"),
    post(OF_REFUSED + "/scans/{scan_id}", SECRET, "the unit that received, and above", "refusal"),
    post("/assignments/{assignment_id}/{answer}", "assignee", "whose turn it is, nobody for them"),
    post("/transfers/{transfer_id}/acknowledge", "officer.recipient officer.above", "the body it was sent to"),
    post("/transfers/{transfer_id}/return", "officer.recipient officer.above", "the body it was sent to"),
    get("/visits", "officer* leader* secretary* auditor*", "each sees their own scope"),
    get("/visits/new", REGISTRARS, EDITS),
    post("/visits/new", REGISTRARS, EDITS),
    post("/visits/{visit_id}/identity", "officer leader", "who came, for a reason that is logged"),
    post("/visits/{visit_id}/identity", VAULT, STAYS, "denunciation"),
    get("/register", "officer* leader* auditor*", "each sees their own scope"),
    get("/register/{entry_id}/correct", "officer", "a correction is a new entry of the same unit"),
    post("/register/{entry_id}/correct", "officer", "a correction is a new entry of the same unit"),
    post("/register/export", "officer* leader* auditor*", "each takes their own scope"),
    post("/register/close", "leader*", "heads close a year of their own units"),
    get("/search", "officer* leader* secretary* auditor* technician*", "each finds their own scope"),
    get("/search/counts", "officer* leader* secretary* auditor* technician*", "each counts in their own scope"),
    post("/search/saved", "officer* leader* secretary* auditor* technician*", "each keeps their own"),
    post("/search/saved/{saved_id}", "officer.own", "one's own, nobody else's"),
    post("/search/shared/{shared_id}", "officer.own leader", "who shared it, and heads of the unit"),
)
