"""Makes the project's tables, in a database of the check's own."""

import os
from contextlib import closing, suppress

from inside import evidence


def database(own: str, learners_file: str) -> None:
    """Run the migrations; then see whether the learner's own database has had them too.

    own is the folder that the project's database should be in; learners_file the copy of theirs.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    file = settings.DATABASES.get("default", {})
    name = str(file.get("NAME") or "")
    in_file = str(file.get("ENGINE")).endswith("sqlite3")
    # A project that doesn't read DATABASE_URL may name a database that isn't the check's to fill.
    if in_file and os.path.isabs(name) and not os.path.realpath(name).startswith(own):  # noqa: PTH117
        raise evidence.Failed("database-elsewhere", name=name)
    if name and not in_file:
        raise evidence.Failed("database-elsewhere", name=f"{file.get('ENGINE')}: {name}")
    call_command("migrate", verbosity=0, interactive=False)
    applied = set(MigrationRecorder(connection).applied_migrations())
    connection.close()
    learners = _applied_in(learners_file)
    missing = sorted(f"{app}.{name}" for app, name in applied - learners) if learners else []
    if missing:
        raise evidence.Failed("unmigrated", names=missing)


def _applied_in(file: str) -> set[tuple[str, str]]:
    """The migrations that a database file says it has had; none when it can't be read."""
    if not os.path.exists(file):  # noqa: PTH110
        return set()
    import sqlite3

    with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as database:
        return set(database.execute("SELECT app, name FROM django_migrations"))
    return set()
