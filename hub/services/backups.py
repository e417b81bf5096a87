"""A hub in one file: rows, keys, spool and (when the store is a directory) objects, each with its checksum.

The archive is a tar, readable without us::

    hub-backup.json      format, schema revision, when, what is inside
    tables/NN-NAME.jsonl rows, see ``hub.services.dump``
    keys/… spool/… objects/…
    SHA256SUMS           last; ``sha256sum -c`` reads it

The order matters while the hub runs: rows first, then the spool, then the objects. A segment leaves the spool only
once the store has it, so whatever a row of the snapshot speaks of is found in one of the two.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from hub import migrate, search_index
from hub.config import Config
from hub.errors import HubError
from hub.i18n import N_
from hub.ids import utc_now
from hub.services import dump

FORMAT = 1
HEAD, SUMS = "hub-backup.json", "SHA256SUMS"
CHUNK_BYTES = 1 << 20

Progress = Callable[[str], None]


class BackupFault(HubError):
    """A backup cannot be made, read, or restored here."""

    code = "backup_fault"


@dataclass(slots=True)
class Summary:
    """What a backup holds or a restore brought back."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    size_bytes: int = 0


def folders(config: Config) -> dict[str, Path]:
    """The directories that a backup holds, by the name of their place in it, in the order they are read."""
    kept = {"keys": config.key_dir, "spool": config.spool_dir}
    store = urlsplit(config.store)
    if store.scheme == "file":
        kept["objects"] = Path(unquote(store.path))
    return kept


def write(config: Config, target: Path, progress: Progress = lambda _name: None) -> Summary:
    """Blocks. Writes ``target`` whole or not at all, readable by us only: it holds the keys."""
    if target.exists():
        raise BackupFault(N_("Tệp %(file)s đã có; hãy chọn tên khác."), file=target)
    revision = migrate.current(config.database)
    if revision is None or revision != migrate.newest():
        raise BackupFault(N_("Lược đồ cơ sở dữ liệu chưa ở bản mới nhất; hãy chạy hub migrate trước."))
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mkstemp gives mode 0600
    try:
        with os.fdopen(handle, "wb") as raw:
            summary = _write(config, revision, raw, progress)
            raw.flush()
            os.fsync(raw.fileno())
        os.link(draft, target)  # unlike a rename it never replaces a file that came meanwhile
    except FileExistsError as error:
        raise BackupFault(N_("Tệp %(file)s đã có; hãy chọn tên khác."), file=target) from error
    finally:
        Path(draft).unlink()
    summary.size_bytes = target.stat().st_size
    return summary


def _write(config: Config, revision: str, raw: IO[bytes], progress: Progress) -> Summary:
    summary = Summary()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        writer = _Writer(tar)
        kept = folders(config)
        head = {"format": FORMAT, "revision": revision, "made_at": utc_now().isoformat(), "folders": list(kept)}
        writer.add(HEAD, io.BytesIO(json.dumps(head, indent=1).encode()))
        _write_rows(config, writer, summary, progress)
        for name, folder in kept.items():
            for path in _files(folder):
                try:
                    file = path.open("rb")
                except FileNotFoundError:
                    continue  # uploaded and removed since we listed the spool: the objects come later
                with file:
                    inner = f"{name}/{path.relative_to(folder).as_posix()}"
                    progress(inner)
                    writer.add(inner, file)
                    summary.files += 1
        sums = "".join(f"{digest}  {name}\n" for name, digest in writer.sums.items())
        writer.add(SUMS, io.BytesIO(sums.encode()))
    return summary


def _write_rows(config: Config, writer: _Writer, summary: Summary, progress: Progress) -> None:
    engine = dump.open_engine(config.database)
    try:
        with engine.connect() as connection:
            dump.begin(connection)
            for number, (name, lines) in enumerate(dump.dump(connection)):
                progress(name)
                with tempfile.TemporaryFile() as spooled:
                    count = -1  # the first line is the heading
                    for line in lines:
                        spooled.write(line)
                        count += 1
                    spooled.seek(0)
                    writer.add(f"tables/{number:02d}-{name}.jsonl", spooled)
                summary.rows[name] = count
    finally:
        engine.dispose()


def read(config: Config, source: Path, progress: Progress = lambda _name: None) -> Summary:
    """Blocks. Checks the whole archive before it touches anything, then fills an empty hub from it."""
    head = check(source, progress)
    _require_empty(config)
    summary = Summary(size_bytes=source.stat().st_size)
    places = folders(config)
    tables: list[str] = []
    with tarfile.open(source, mode="r:") as tar:
        for member, file in _members(tar):
            place, _, rest = member.name.partition("/")
            if place == "tables":
                tables.append(member.name)
            elif place in places:
                progress(member.name)
                _extract(places[place], rest, file)
                summary.files += 1
            elif place == "objects":
                raise BackupFault(N_("Bản sao lưu có kho tệp trong thư mục, nhưng cấu hình này dùng kho S3."))
        # Rows last: only a database that is there says that the restore is complete.
        _read_rows(config, tar, tables, head["revision"], summary, progress)
    return summary


def check(source: Path, progress: Progress = lambda _name: None) -> dict[str, Any]:
    """Read the archive through and compare every checksum; its heading. Raises ``BackupFault``."""
    found: dict[str, str] = {}
    listed: dict[str, str] = {}
    head: dict[str, Any] = {}
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member, file in _members(tar):
                progress(member.name)
                if member.name == SUMS:
                    pairs = (line.split("  ", 1) for line in file.read().decode().splitlines())
                    listed = {name: digest for digest, name in pairs}
                elif member.name == HEAD:
                    body = file.read()
                    head = json.loads(body)
                    found[HEAD] = hashlib.sha256(body).hexdigest()
                else:
                    found[member.name] = _digest(file)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise BackupFault(N_("Tệp sao lưu hỏng: %(fault)s"), fault=error) from error
    if head.get("format") != FORMAT:
        raise BackupFault(N_("Đây không phải tệp sao lưu của phiên bản này."))
    wrong = sorted(name for name in found.keys() | listed.keys() if found.get(name) != listed.get(name))
    if wrong:
        raise BackupFault(N_("Tệp sao lưu hỏng: %(fault)s"), fault=", ".join(wrong[:5]))
    return head


def _require_empty(config: Config) -> None:
    for folder in folders(config).values():
        if next(_files(folder), None) is not None:
            raise BackupFault(N_("Chỉ khôi phục được vào chỗ trống: %(place)s đã có dữ liệu."), place=folder)
    engine = dump.open_engine(config.database)
    if config.database.startswith("sqlite"):
        config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with engine.connect() as connection:
            if not dump.is_empty(connection):
                raise BackupFault(N_("Chỉ khôi phục được vào chỗ trống: %(place)s đã có dữ liệu."), place="database")
    finally:
        engine.dispose()


def _read_rows(
    config: Config, tar: tarfile.TarFile, tables: list[str], revision: str, summary: Summary, progress: Progress
) -> None:
    migrate.upgrade(config.database, revision)
    engine = dump.open_engine(config.database)
    try:
        with engine.begin() as connection:
            dump.begin(connection)
            for name in sorted(tables):
                progress(name)
                file = tar.extractfile(name)
                assert file is not None
                table, count = dump.load(connection, file)
                summary.rows[table] = count
    finally:
        engine.dispose()
    migrate.upgrade(config.database)
    _index(config, progress)


def _index(config: Config, progress: Progress) -> None:
    """What search looks in is left out of backups."""
    engine = dump.open_engine(config.database)
    try:
        with engine.begin() as connection:
            dump.begin(connection)
            for done in search_index.build(connection):
                progress(f"search_doc {done}")
    finally:
        engine.dispose()


class _Writer:
    """Adds members and remembers their checksums."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.sums: dict[str, str] = {}

    def add(self, name: str, file: IO[bytes]) -> None:
        """As many bytes as the file has now: a journal may grow while it is read."""
        member = tarfile.TarInfo(name)
        member.size = file.seek(0, os.SEEK_END)
        member.mode = 0o600
        member.mtime = int(utc_now().timestamp())
        file.seek(0)
        hashing = _Hashing(file)
        self._tar.addfile(member, hashing)
        self.sums[name] = hashing.hash.hexdigest()


class _Hashing:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data


def _members(tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in tar:
        # Only names that read the same however they are taken apart: "keys//etc/x" would leave the folder.
        parts = PurePosixPath(member.name).parts
        plain = bool(parts) and ".." not in parts and parts[0] != "/" and "/".join(parts) == member.name
        file = tar.extractfile(member) if plain and member.isreg() else None
        if file is None:
            raise BackupFault(N_("Tệp sao lưu hỏng: %(fault)s"), fault=member.name)
        yield member, file


def _extract(folder: Path, name: str, file: IO[bytes]) -> None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BackupFault(N_("Tệp sao lưu hỏng: %(fault)s"), fault=name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := file.read(CHUNK_BYTES):
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
