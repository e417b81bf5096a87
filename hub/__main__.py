"""``python -m hub``: how the supervisor starts its children, whatever the installed script is called."""

from hub.main import app

app()
