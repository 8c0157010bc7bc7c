"""What Alembic runs for each command: on the connection that `migrate` hands over, in one transaction."""

from alembic import context

from db.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite can roll back a change of schema; Alembic doesn't expect it. All steps together, or none.
    transactional_ddl=True,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
