"""What the auditor looks for is found by an index: by person, by deed, by course, the newest first."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_audit_clinic_id_course_id", table_name="audit")
    for name in ("by", "what", "course_id"):
        op.create_index(f"ix_audit_clinic_id_{name}_id", "audit", ["clinic_id", name, "id"])
    op.create_index("ix_audit_clinic_id_id", "audit", ["clinic_id", "id"])
