"""What lies on the disk is ours alone, and an archive from elsewhere cannot write outside its folders."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from hub import migrate
from hub.config import Config
from hub.services import backups
from hub.services.backups import BackupFault
from recorder.directory_store import DirectoryStore, check_key
from recorder.spool import RecordingDir


def archive_with(path: Path, *names: str) -> Path:
    """A backup whose checksums are right and whose members have the given names."""
    head = {"format": backups.FORMAT, "revision": migrate.newest(), "folders": ["keys", "spool", "objects"]}
    bodies = {backups.HEAD: json.dumps(head).encode(), **dict.fromkeys(names, b"* * * * * root evil")}
    sums = "".join(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in bodies.items())
    with tarfile.open(path, "w") as tar:
        for name, body in {**bodies, backups.SUMS: sums.encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return path


@pytest.mark.parametrize("way", ["keys/{}", "keys/../{}", "{}", "./keys/{}", "spool/x/../../{}", "objects/./{}"])
def test_a_backup_cannot_write_outside_the_hubs_folders(data_dir: Path, way: str) -> None:
    target = data_dir / "cron.d" / "evil"
    name = way.format(str(target) if way.count("/") < 2 else "evil")  # "keys//tmp/…" is the sly one
    archive = archive_with(data_dir / "backup.tar", name)
    with pytest.raises(BackupFault):
        backups.read(Config(data_dir=data_dir / "new"), archive)
    assert not target.exists()
    assert not (data_dir / "new").exists() or not list((data_dir / "new").rglob("evil"))


def test_a_link_in_a_backup_is_refused(data_dir: Path) -> None:
    archive = data_dir / "backup.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("keys/link")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(member)
    with pytest.raises(BackupFault):
        backups.check(archive)


@pytest.mark.parametrize(
    "key",
    ["../x", "a/../../x", "/etc/passwd", "a//b", "a/", "", ".hidden", "a/.part", "a\x00b", "a\nb", "é", "x" * 201],
)
def test_an_object_key_never_leaves_the_store(data_dir: Path, key: str) -> None:
    store = DirectoryStore.make(data_dir / "objects")
    with pytest.raises(ValueError):
        check_key(key)
    for act in (store.read, store.head, store.delete):
        with pytest.raises(ValueError):
            act(key)


@pytest.mark.parametrize("name", ["..", "a/b", "", "a\n", "." * 3, "x" * 65])
def test_a_recordings_folder_is_never_outside_the_spool(data_dir: Path, name: str) -> None:
    with pytest.raises(ValueError):
        RecordingDir(data_dir, name)


def test_whatever_a_command_makes_is_readable_by_us_alone(data_dir: Path) -> None:
    """Even below a directory that others may enter, and whatever the shell's umask was."""
    home = data_dir / "open"
    home.mkdir(mode=0o755)
    env = {**os.environ, "HUB_DATA_DIR": str(home), "HUB_DEMO": "yes"}
    for command in (["migrate"], ["demo", "load"], ["backup", str(home / "backup.tar")]):
        subprocess.run(
            [sys.executable, "-m", "hub", *command], env=env, check=True, capture_output=True, umask=0o022, timeout=150
        )
    made = [path for path in home.rglob("*") if not path.is_symlink()]
    assert {"hub.db", "backup.tar", "identity.key"} <= {path.name for path in made}
    assert [str(path) for path in made if path.stat().st_mode & 0o077] == []
