"""Two networks and the firewall between them, in network namespaces: a commune's PC here, the hub there.

``with Office() as office`` makes the namespaces (root is needed) and takes them away again. The hub's pages are carried
past the firewall, by a Unix socket, to loopback of both sides: the firewall is about media. Everything that leaves the
PC's or the hub's network is seen by a sniffer.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support import process

ROOT = Path(__file__).parents[2]


class NoNamespaces(RuntimeError):
    """Never skipped: a skipped test proves nothing."""


class Office:
    """``pc``, ``wall`` and ``hub`` are the namespaces' names; ``hub_host`` and ``hub_host6`` the hub's addresses."""

    def __init__(self) -> None:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            raise NoNamespaces("network namespaces need root and iproute2: run the tests as root")
        tag = secrets.token_hex(2)
        number = int(tag[:2], 16)
        self.pc, self.wall, self.hub = (f"hub-{tag}-{part}" for part in ("pc", "wall", "hub"))
        # RFC 2544's and RFC 4193's own ranges: no real network is shadowed, and nothing answers there.
        self.hub_host, self.pc_host = f"198.18.{number}.2", f"198.19.{number}.2"
        self.hub_host6, self.pc_host6 = f"fd5e:{tag}:1::2", f"fd5e:{tag}:2::2"
        self._folder = Path(tempfile.mkdtemp(prefix="hub-office-"))
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Office:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._running:
            process.stop(each)
        for name in (self.pc, self.wall, self.hub):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
            shutil.rmtree(Path("/etc/netns") / name, ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _build(self) -> None:
        for name in (self.pc, self.wall, self.hub):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        for name, device, host, host6 in (
            (self.pc, "pc", self.pc_host, self.pc_host6),
            (self.hub, "hub", self.hub_host, self.hub_host6),
        ):
            ip("link", "add", "net0", "netns", name, "type", "veth", "peer", "name", device, "netns", self.wall)
            for namespace, interface, last in ((name, "net0", 2), (self.wall, device, 1)):
                for address, bits in ((host, 24), (host6, 64)):
                    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
                    ip("-n", namespace, "address", "add", f"{network[last]}/{bits}", "dev", interface, *_nodad(address))
                ip("-n", namespace, "link", "set", interface, "up")
            for address, bits in ((host, 24), (host6, 64)):
                via = ipaddress.ip_network(f"{address}/{bits}", strict=False)[1]
                ip("-n", name, "route", "add", "default", "via", str(via))
            # A name server that is nobody: questions to it are seen, and refused at once.
            folder = Path("/etc/netns") / name
            folder.mkdir(parents=True)
            (folder / "resolv.conf").write_text(f"nameserver {ipaddress.ip_network(f'{host}/24', strict=False)[1]}\n")
        for setting in ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"):
            key, _, value = setting.partition("=")
            path = f"/proc/sys/{key.replace('.', '/')}"
            self.run(self.wall, ["sh", "-c", f"echo {value} > {path}"])
        for device in ("pc", "hub"):
            self._start(self.wall, ["tests.support.sniffer", device, str(self._folder / device)])
            process.wait_until((self._folder / device).exists, self._running[-1], self._folder / device, 10)

    # What the firewall lets through -------------------------------------------------------------------------------

    def block_udp(self) -> None:
        """Silently, as firewalls do."""
        self._rule("100", "ipproto", "udp", "blackhole")

    def allow_only(self, protocol: str, port: int) -> None:
        """From the PC; all else is dropped."""
        self._rule("90", "ipproto", protocol, "dport", str(port), "lookup", "main")
        self._rule("100", "blackhole")

    def narrow(self, rate: str) -> None:
        """What goes to the PC passes at this rate only (as ``150kbit``), after a queue of at most 0.4 s."""
        shape = ["tbf", "rate", rate, "burst", "4kb", "latency", "400ms"]
        self.run(self.wall, ["tc", "qdisc", "replace", "dev", "pc", "root", *shape])

    def widen(self) -> None:
        """As fast as the machine again."""
        self.run(self.wall, ["tc", "qdisc", "del", "dev", "pc", "root"])

    def _rule(self, preference: str, *what: str) -> None:
        for family in ("-4", "-6"):
            ip(family, "-n", self.wall, "rule", "add", "pref", preference, "iif", "pc", *what)

    # Who is where -------------------------------------------------------------------------------------------------

    def run(self, namespace: str, command: list[str]) -> None:
        subprocess.run(["ip", "netns", "exec", namespace, *command], check=True, capture_output=True)

    def prefix(self, namespace: str) -> list[str]:
        """Before a command that is to run there."""
        return ["ip", "netns", "exec", namespace]

    def chromium(self, namespace: str = "") -> Path:
        """A program that is Chromium on the PC, or in another namespace."""
        where = namespace or self.pc
        script = self._folder / f"chromium-{where}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {where} {shutil.which("chromium")} "$@"\n')
        script.chmod(0o755)
        return script

    def carry_pages(self, port: int) -> None:
        """The hub's web port, on loopback of its own network, appears on loopback of the PC and of the test."""
        path = self._folder / "pages"
        self._start(self.hub, ["tests.support.forwarder", f"unix:{path}", f"tcp:{port}"])
        process.wait_until(path.exists, self._running[-1], self._folder / "log", 10)
        self._start(self.pc, ["tests.support.forwarder", f"tcp:{port}", f"unix:{path}"])
        self._start(None, ["tests.support.forwarder", f"tcp:{port}", f"unix:{path}"])
        time.sleep(0.5)

    def _start(self, namespace: str | None, module: list[str]) -> None:
        where = self.prefix(namespace) if namespace else []
        with (self._folder / "log").open("ab") as log:
            started = subprocess.Popen(
                [*process.dying_with_us("TERM"), *where, sys.executable, "-m", *module],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self._running.append(started)

    def left(self, side: str) -> list[str]:
        """What has left the network of ``pc`` or ``hub`` so far, by kind: ``protocol address port note``."""
        return [line for line in (self._folder / side).read_text().splitlines() if line != "listening"]

    def strangers(self, side: str) -> list[str]:
        """Of that, what went to neither of the two networks, multicast nor neighbours; and names looked up."""
        hosts = (self.hub_host, self.hub_host6, self.pc_host, self.pc_host6)
        known = [ipaddress.ip_network(f"{each}/{64 if ':' in each else 24}", strict=False) for each in hosts]
        found = []
        for line in self.left(side):
            _protocol, address, port, *note = line.split()
            target = ipaddress.ip_address(address)
            near = target.is_multicast or target.is_link_local or any(target in network for network in known)
            asks = port == "53" and not _is_browsers_own(" ".join(note))
            if asks or not near:
                found.append(line)
        return found


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, check=False)
    if done.returncode:
        raise NoNamespaces(f"ip {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")


def _is_browsers_own(name: str) -> bool:
    """Chromium looks its maker up when it starts, whatever page it shows; never a STUN or TURN server."""
    makers = ("google.com", "googleapis.com", "gvt1.com", "gstatic.com")
    return name.endswith(makers) and not any(word in name for word in ("stun", "turn"))


def _nodad(address: str) -> list[str]:
    return ["nodad"] if ":" in address else []
