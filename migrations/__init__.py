"""The schema's history, run by ``hub migrate`` through Alembic; installed with the hub."""
