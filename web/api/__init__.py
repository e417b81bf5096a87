"""JSON for the page scripts: the same services as the pages, no other rights."""
