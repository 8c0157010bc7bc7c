"""Mails are found by course and day, as a claim asks for those of one day; and those that a worker holds among all that
wait, as each pass asks for what a dead one left."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_outbox_clinic_id_course_id", table_name="outbox")
    op.create_index(
        "ix_outbox_clinic_id_course_id_group_date", "outbox", ["clinic_id", "course_id", "group_date"], unique=False
    )
    held = sa.text("state = 'claimed'")
    op.create_index("ix_outbox_held", "outbox", ["id"], unique=False, sqlite_where=held, postgresql_where=held)
