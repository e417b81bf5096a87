"""The load client's sockets: one per peer, all read by one epoll loop, many datagrams per system call.

The client must not be what limits a server, so a ready socket is emptied by ``recvmmsg``. The sockets do not ask for
UDP_GRO: neither server is to profit from a receiver that browsers are not. And nobody waits on them: they are looked at
every two milliseconds, because to wake a process of the same machine is charged to the server that sends – on a
virtual machine more than the sending itself – and no receiver across a network would cost it that. The kernel times
arrivals.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
import socket
import struct
from typing import Protocol

SO_RCVBUFFORCE, SO_MEMINFO, SO_TIMESTAMPNS = 33, 55, 35
"""Linux, ``asm-generic/socket.h``."""
RECEIVE_BYTES = 8 << 20
SLOT_BYTES = 2048
AT_A_TIME = 64
MSG_DONTWAIT = 0x40
LOOK_S = 0.002
_TIMESPEC = struct.Struct("qq")


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Mmsghdr(ctypes.Structure):
    """``struct mmsghdr`` of 64-bit Linux: a ``msghdr`` and the length received."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("iovec", ctypes.c_void_p),
        ("iovec_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("_padding", ctypes.c_int),
        ("received", ctypes.c_uint),
    )


class Reader(Protocol):
    """Who owns a socket. ``timed``: it is given one datagram at a time with the kernel's arrival time."""

    socket: socket.socket
    timed: bool

    def take(self, buffer: bytearray, lengths: list[int]) -> None:
        """Datagrams at multiples of ``SLOT_BYTES`` in ``buffer``."""

    def take_timed(self, datagram: bytes, arrived_ns: int) -> None:
        """``arrived_ns`` is CLOCK_REALTIME, when the kernel had it."""


class Wire:
    """Reads for all peers inside the running asyncio loop. Use as a context manager."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, Reader] = {}
        self._timer: asyncio.TimerHandle | None = None
        # PyDLL keeps the interpreter's lock: nothing else runs here, and giving it up costs more than the call.
        self._recvmmsg = ctypes.PyDLL(None).recvmmsg
        self._recvmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
        self._buffer = bytearray(SLOT_BYTES * AT_A_TIME)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._buffer))
        self._vectors = (_Iovec * AT_A_TIME)(*(_Iovec(base + SLOT_BYTES * n, SLOT_BYTES) for n in range(AT_A_TIME)))
        self._headers = (_Mmsghdr * AT_A_TIME)()
        for n, header in enumerate(self._headers):
            header.iovec, header.iovec_count = ctypes.addressof(self._vectors[n]), 1
        words = memoryview(self._headers).cast("B").cast("I")
        self._received = words[_Mmsghdr.received.offset // 4 :: ctypes.sizeof(_Mmsghdr) // 4]
        self._at = ctypes.addressof(self._headers)

    def __enter__(self) -> Wire:
        self._look()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._epoll.close()

    def add(self, reader: Reader) -> None:
        self._readers[reader.socket.fileno()] = reader
        self._epoll.register(reader.socket.fileno(), select.EPOLLIN)

    def remove(self, reader: Reader) -> None:
        if self._readers.pop(reader.socket.fileno(), None) is not None:
            self._epoll.unregister(reader.socket.fileno())

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)
        self._drain()

    def _drain(self) -> None:
        readers, recvmmsg, at = self._readers, self._recvmmsg, self._at
        buffer, received = self._buffer, self._received
        for descriptor, _ in self._epoll.poll(0, 1024):
            reader = readers.get(descriptor)
            if reader is None:
                continue
            if reader.timed:
                _read_timed(reader)
                continue
            count = recvmmsg(descriptor, at, AT_A_TIME, MSG_DONTWAIT, None)
            if count > 0:
                reader.take(buffer, received[:count].tolist())


def _read_timed(reader: Reader) -> None:
    for _ in range(AT_A_TIME):
        try:
            datagram, control, _, _ = reader.socket.recvmsg(SLOT_BYTES, 64)
        except OSError:  # empty, or an ICMP error of a peer that has gone
            return
        arrived_ns = 0
        for _, kind, data in control:
            if kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                arrived_ns = seconds * 1_000_000_000 + nanoseconds
        reader.take_timed(datagram, arrived_ns)


def open_socket(address: str, *, timed: bool) -> socket.socket:
    """A non-blocking UDP socket on a free port with as much room as the system gives."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.bind((address, 0))
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF, RECEIVE_BYTES)
    if timed:
        made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return made


def dropped(of: socket.socket) -> int:
    """Datagrams that the kernel threw away because this socket was full: the client's fault, not the server's."""
    return int.from_bytes(of.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 64)[32:36], "little")
