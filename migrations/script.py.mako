"""${message}

Lock: what it locks, and for how long.
Way back: what `downgrade` does, and what it cannot bring back.

Append-only tables are never recreated (a batch recreate drops their triggers without a word):
use op.add_column, or batch_alter_table(recreate="never").
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
