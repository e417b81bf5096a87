"""``hub drain-worker``: a media worker gives its hearings to the others, so that it can be maintained."""

from __future__ import annotations

import asyncio

from hub import cli
from hub.config import Config
from hub.rpc import RpcClient, RpcError
from signaling.media import control
from signaling.workers import drain_mark

LIMIT_S = 60.0
ASK_EVERY_S = 0.5


def main(config: Config, index: int, *, undo: bool) -> int:
    """The exit status: 0 when the worker carries nothing any more (or takes hearings again)."""
    if not 0 <= index < config.media_workers:
        cli.fail([f"drain-worker: there are workers 0 to {config.media_workers - 1} (media_workers)"], status=2)
    mark = drain_mark(config.run_dir, index)
    if undo:
        mark.unlink(missing_ok=True)
        cli.say(f"worker-{index} takes hearings again.")
        return 0
    if config.media_workers == 1:
        cli.fail(["drain-worker: there is only one worker, nobody could take its hearings (media_workers)"])
    if not (config.run_dir / f"worker-{index}.sock").exists():
        cli.fail([f"drain-worker: worker-{index} is not running"])
    mark.touch(mode=0o600)
    cli.say(f"worker-{index} takes no new hearings; moving those it carries …")
    left = asyncio.run(_wait_empty(config, index))
    if left:
        cli.say(f"{left} hearings are still there: no other worker is up to take them. `hub check` says more.")
        return 1
    cli.say(f"worker-{index} carries nothing. Its next start, or --undo, lets it take hearings again.")
    return 0


async def _wait_empty(config: Config, index: int) -> int:
    """Hearings that are left after a while."""
    client = RpcClient(config.run_dir / f"worker-{index}.sock", control.WorkerSends)
    connection = asyncio.create_task(client.run())
    left = -1
    try:
        async with asyncio.timeout(LIMIT_S):
            while left != 0:
                await asyncio.sleep(ASK_EVERY_S)
                try:
                    state = await client.call(control.AskState())
                except RpcError:
                    continue
                left = len(state.routers) if isinstance(state, control.WorkerState) else left
    except TimeoutError:
        pass
    finally:
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)
    return max(0, left)
