"""Pages, API, templates and the browser's scripts."""
