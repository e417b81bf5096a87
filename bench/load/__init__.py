"""The load client: one process that is many browsers, the same for every server it measures."""
