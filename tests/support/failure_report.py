"""What a failed test needs to be understood: each browser's pictures and lines, and the end of the hub's log."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Error

from tests.support.officials import Official

LOOK = """async () => {
  const tiles = [...document.querySelectorAll(".tile")].map((tile) => {
    const video = tile.querySelector("video");
    return { ...tile.dataset, shown: tile.checkVisibility(), ready: video?.readyState, at: video?.currentTime };
  });
  const kept = ["kind", "ssrc", "frameWidth", "framesDecoded", "framesReceived", "framesSent", "packetsReceived",
    "packetsSent", "packetsLost", "keyFramesDecoded", "pliCount", "nackCount", "freezeCount", "totalFreezesDuration",
    "availableIncomingBitrate", "availableOutgoingBitrate", "currentRoundTripTime", "qualityLimitationReason", "rid"];
  const lines = [];
  for (const connection of mediaProbe.connections)
    for (const one of (await connection.getStats()).values())
      if (["inbound-rtp", "outbound-rtp"].includes(one.type) || one.nominated)
        lines.push([one.type, ...kept.filter((name) => name in one).map((name) => `${name}=${one[name]}`)].join(" "));
  return { tiles, lines, notices: [...document.querySelectorAll("[role=status], [role=alert]")]
    .map((one) => one.innerText.trim()).filter(Boolean) };
}"""


def of_world(world: Any) -> str:
    """Of the attributes of a test's world: every official in it, then its hub."""
    found = [one for one in vars(world).values() if isinstance(one, Official)]
    return "\n".join([*(text for one in found for text in _of_official(one)), world.hub.tail()])


def _of_official(official: Official) -> list[str]:
    lines = [f"{official.username} at {official.page.url} {official.complaints}"]
    try:
        seen = official.page.evaluate(LOOK)
    except Error as error:  # the failure that is being told of may be the browser's own
        return [*lines, f"  {error}"]
    lines += [f"  {json.dumps(tile, ensure_ascii=False)}" for tile in seen["tiles"]]
    return lines + [f"  {line}" for line in (*seen["lines"], *seen["notices"])]
