"""Who is told of what happens, and by what: a part of `schema`."""

from __future__ import annotations

from config.section import Section


class Notification(Section):
    """Whoever is told of each run that fails: a workflow of Teams, or a Logic App, that takes a POST
    (docs/monitoring.md).
    """

    vault: str
    """`kv-scoring-prod`. It must exist, and the factory be a Key Vault Secrets User there. Azure: the Key
    Vault that `read_webhook` asks."""
    secret: str
    """`failure-webhook`: the secret that is the workflow's address. Whoever has that can post, so it stands
    nowhere else. Azure: the secret that `read_webhook` reads."""
