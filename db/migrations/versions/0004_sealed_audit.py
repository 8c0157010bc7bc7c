"""The audit is sealed and tells from where; a course may follow an earlier one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMNs: rows that may never be altered stay as they are, without number and seal.
    op.add_column("audit", sa.Column("origin", sa.String(), nullable=False, server_default=""))
    op.add_column("audit", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("audit", sa.Column("seal", sa.String(), nullable=True))
    op.create_index("ix_audit_clinic_id_number", "audit", ["clinic_id", "number"], unique=True)
    op.create_table(
        "audit_head",
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_audit_head_clinic_id_clinic")),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_audit_head")),
    )
    op.add_column("course", sa.Column("follows_id", sa.Uuid(), nullable=True))
    op.create_index("ix_course_follows_id", "course", ["follows_id"])
