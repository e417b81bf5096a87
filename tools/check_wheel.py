"""Run by the interpreter of an environment that has nothing but the wheel and its dependencies.

Our top-level names are common words: another distribution that brings one of them would silently overwrite our files.
"""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import distribution, packages_distributions
from importlib.resources import files

OURS = ("hub", "signaling", "recorder", "web", "migrations")
NEEDED = (
    ("web", "templates"),
    ("web", "static"),
    ("web", "locale"),
    ("migrations", "versions"),
    ("hub", "data"),
    ("hub", "pdf"),
)


def main() -> None:
    faults = []
    providers = packages_distributions()
    for name in OURS:
        if set(providers.get(name, ())) != {"citizen-reception-hub"}:
            faults.append(f"{name} comes from {providers.get(name)}")
        importlib.import_module(name)
    for package, folder in NEEDED:
        if not files(package).joinpath(folder).is_dir():
            faults.append(f"{package}/{folder} is not in the wheel")
    strangers = {path.parts[0] for path in distribution("citizen-reception-hub").files or ()} - set(OURS)
    faults += [f"the wheel brings {path}" for path in strangers if not path.endswith(".dist-info") and path != ".."]
    if faults:
        sys.exit("\n".join(faults))
    sys.stdout.write("The wheel brings only our names, with templates, scripts, texts and migrations.\n")


if __name__ == "__main__":
    main()
