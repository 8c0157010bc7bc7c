"""The dated facts of courses for the clinic's day, what was ticked on it, and names as they are searched for."""

import sqlalchemy as sa
from alembic import op

from db.search import sought

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("facts_by", "sought"):
        op.add_column("course", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_index("ix_course_facts_by", "course", ["facts_by"])
    op.create_table(
        "day_fact",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("starts", INSTANT, nullable=True),
        sa.Column("ends", INSTANT, nullable=True),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        _of_course("day_fact"),
        sa.PrimaryKeyConstraint("course_id", "key", name=op.f("pk_day_fact")),
    )
    for first, then in (("first_day", "last_day"), ("last_day", "first_day")):
        op.create_index(f"ix_day_fact_clinic_id_kind_{first}_{then}", "day_fact", ["clinic_id", "kind", first, then])
    op.create_table(
        "ticked",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        _of_course("ticked"),
        sa.PrimaryKeyConstraint("course_id", "ref", name=op.f("pk_ticked")),
    )
    _fill_sought()


def _of_course(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["clinic_id", "course_id"],
        ["course.clinic_id", "course.id"],
        name=op.f(f"fk_{table}_clinic_id_course_id_course"),
    )


def _fill_sought() -> None:
    """The facts themselves need plans: the program makes them after this step, marked courses first."""
    connection = op.get_bind()
    course = sa.table("course", sa.column("id", sa.Uuid()), sa.column("patient"), sa.column("sought"))
    for id_, patient in connection.execute(sa.select(course.c.id, course.c.patient)).all():
        connection.execute(sa.update(course).where(course.c.id == id_).values(sought=sought(patient)))
