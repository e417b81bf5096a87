"""The object stores: a directory for one office, S3 for a province; both are ``hub.services.store.ObjectStore``s."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from hub.config import Config
from hub.services.store import ObjectStore
from recorder.directory_store import DirectoryStore

__all__ = ["DirectoryStore", "open_store"]


def open_store(config: Config) -> ObjectStore:
    """The store that ``config.store`` names: ``file:///path`` (made when absent) or ``s3://bucket/prefix``."""
    url = urlsplit(config.store)
    if url.scheme == "s3":
        # boto3 takes a second to import, which a restarting recorder has not.
        from recorder.s3_store import S3Store

        return S3Store(
            bucket=url.netloc,
            prefix=url.path.strip("/"),
            endpoint=config.s3_endpoint or None,
            region=config.s3_region,
            access_key=config.s3_access_key or None,
            secret_key=config.s3_secret_key or None,
            encryption=config.s3_encryption,
        )
    return DirectoryStore.make(Path(unquote(url.path)))
