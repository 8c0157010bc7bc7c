"""The mails of a course are found by their day, too: a claim asks for those of one day, of which a course has many."""

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
