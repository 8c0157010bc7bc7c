"""Lines for the telephone, neutral notices, unsubscriptions that staff have seen, settings that reach waiting mails."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TO_PHONE = sa.text("to_phone")
UNSEEN = sa.text("unsubscribed_at IS NOT NULL AND stop_seen_at IS NULL")


def upgrade() -> None:
    op.add_column("course", sa.Column("mails_by", sa.String(), nullable=False, server_default=""))
    for name in ("near", "to_phone"):
        op.add_column("revision", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("phoned_at", "neutral_at"):
        op.add_column("revision", sa.Column(name, INSTANT, nullable=True))
    op.add_column("recipient", sa.Column("stop_seen_at", INSTANT, nullable=True))
    op.add_column("outbox", sa.Column("neutral", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_course_mails_by", "course", ["mails_by"])
    op.create_index("ix_revision_to_phone", "revision", ["clinic_id"], sqlite_where=TO_PHONE, postgresql_where=TO_PHONE)
    op.create_index("ix_recipient_stopped", "recipient", ["clinic_id"], sqlite_where=UNSEEN, postgresql_where=UNSEEN)
