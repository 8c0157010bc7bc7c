"""What language a patient speaks, whether an interpreter is needed, and the guardian of a minor."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("course", sa.Column("spoken_language", sa.String(), nullable=False, server_default=""))
    op.add_column("course", sa.Column("interpreter", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("recipient", sa.Column("relation", sa.String(), nullable=False, server_default=""))
    op.add_column("recipient", sa.Column("phone", sa.String(), nullable=False, server_default=""))
    # Whoever is there was added with consent: without it no carer could be.
    op.add_column("recipient", sa.Column("consent", sa.Boolean(), nullable=False, server_default=sa.text("true")))
