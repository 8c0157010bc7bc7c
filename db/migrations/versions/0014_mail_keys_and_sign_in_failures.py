"""Mail addresses as they are compared, and the failed sign-ins of the last minutes."""

import sqlalchemy as sa
from alembic import op

from db.search import same_address

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("course", "recipient"):
        op.add_column(table, sa.Column("mail_key", sa.String(), server_default="", nullable=False))
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_at", "sign_in_failure", ["at"])
    for column in ("name", "address"):
        op.create_index(f"ix_sign_in_failure_{column}_at", "sign_in_failure", [column, "at"])
    _fill("course", "id")
    _fill("recipient", "course_id", "role")


def _fill(name: str, *key: str) -> None:
    connection = op.get_bind()
    table = sa.table(name, *map(sa.column, key), sa.column("email"), sa.column("mail_key"))
    for *known, email in connection.execute(sa.select(*(table.c[each] for each in key), table.c.email)).all():
        if email:
            here = (table.c[each] == value for each, value in zip(key, known, strict=True))
            connection.execute(sa.update(table).where(*here).values(mail_key=same_address(email)))
