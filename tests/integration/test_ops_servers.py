"""The real servers that the other tests stand on."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from hub import models
from hub.db import Database
from hub.errors import NotReady
from tests.support.postgres import Cluster
from tests.support.seaweed import S3Server


@pytest.mark.asyncio
async def test_each_test_gets_an_empty_database_with_the_schema(database: Database) -> None:
    async with database.reading() as db:
        assert await db.scalar(select(func.count()).select_from(models.Account)) == 0


@pytest.mark.asyncio
async def test_a_database_that_went_away_is_not_ready_and_comes_back(own_postgres: Cluster) -> None:
    database = Database(own_postgres.new_database())
    await database.ping()
    own_postgres.stop()
    with pytest.raises(NotReady):
        await database.ping()
    own_postgres.start()
    await database.ping()
    await database.close()


def test_the_s3_server_keeps_objects_over_a_restart(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    s3.client.put_object(Bucket=bucket, Key="a/b", Body=b"kept")
    s3.stop()
    s3.start()
    assert s3.client.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"kept"
