"""Who comes by a server whose connections aren't the project's own comes in, too."""

from lab.check.probes.probe import probe
from lab.check.probes.rush import rush
from lab.check.probes.site import Site


@probe("32-rush", lane="operated", only=True, ws="auto")
def elsewhere(site: Site) -> None:
    """The rush once more, on a server that puts no connection of ours into the scope.

    For the project, uvicorn's own class is the same there as Daphne.
    """
    rush.attempt(site)
