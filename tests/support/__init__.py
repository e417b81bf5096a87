"""Real servers and small tools that tests share: PostgreSQL, an S3 server, schemas, free ports."""
