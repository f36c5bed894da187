"""What is known of customer companies, who saw contact details, reference profiles, requests; four more kinds of what a reference does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def _one_of(column: str, *known: str) -> str:
    return f"{column} IN ({', '.join(repr(one) for one in known)})"


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ACTIVITIES = ("call", "review", "case_study", "speaking", "press", "advisory_board", "video", "referral")
MORE = ("visit", "quote", "logo", "analyst")
KNOWN = _one_of("activity", *ACTIVITIES, *MORE)
OF_ACTIVITIES = ("nomination_activity", "reference_offer_activity")


def upgrade() -> None:
    _activities((*ACTIVITIES, *MORE))
    _accounts()
    _profiles()
    _requests()
    table = "contact_view"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    kept = {
        "sqlite": [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}",
        ],
        "postgresql": [
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ],
    }
    for statement in kept[op.get_bind().dialect.name]:
        op.execute(statement)


def _activities(known: tuple[str, ...]) -> None:
    for table in OF_ACTIVITIES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_activity_known"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_activity_known"), _one_of("activity", *known))


def downgrade() -> None:
    """The release before knows no more than eight kinds of what a reference does; what was offered of the others goes."""
    for table in (
        "request_candidate",
        "reference_request",
        "profile_blackout",
        "profile_word",
        "profile_activity",
        "reference_profile",
        "contact_view",
        "contact_grant",
        "stakeholder",
        "company_account",
    ):
        op.drop_table(table)
    for table in OF_ACTIVITIES:
        op.execute(f"DELETE FROM {table} WHERE {_one_of('activity', *MORE)}")
    _activities(ACTIVITIES)


def _accounts() -> None:
    op.create_table(
        "company_account",
        sa.Column("company_id", BIG, autoincrement=False, nullable=False),
        sa.Column("renewal_on", sa.Date()),
        sa.Column("goals", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("competitors", sa.Text(), nullable=False),
        sa.Column("handed_over_at", MOMENT),
        sa.Column("handed_over_by_id", BIG),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_company_account_changed_by_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_company_account_company_id"),
        sa.ForeignKeyConstraint(["handed_over_by_id"], ["person.id"], name="fk_company_account_handed_over_by_id"),
        sa.PrimaryKeyConstraint("company_id", name="pk_company_account"),
    )
    op.create_index("ix_company_account_renewal_on", "company_account", ["renewal_on"])
    op.create_table(
        "stakeholder",
        sa.Column("id", BIG, nullable=False),
        sa.Column("company_id", BIG, nullable=False),
        sa.Column("person_id", BIG),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=120), nullable=False),
        sa.Column("cares_about", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_stakeholder_has_name")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_stakeholder_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_stakeholder_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stakeholder"),
    )
    op.create_index("ix_stakeholder_company_id_position_id", "stakeholder", ["company_id", "position", "id"])
    op.create_table(
        "contact_grant",
        sa.Column("id", BIG, nullable=False),
        sa.Column("viewer_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("source_type", sa.String(length=40), nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_contact_grant_person_id"),
        sa.ForeignKeyConstraint(["viewer_id"], ["person.id"], name="fk_contact_grant_viewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_grant"),
        sa.UniqueConstraint("viewer_id", "person_id", "source_type", "source_id", name="uq_contact_grant_viewer_id_person_id_source_type_source_id"),
    )
    op.create_index("ix_contact_grant_source_type_source_id", "contact_grant", ["source_type", "source_id"])
    op.create_index(
        "ix_contact_grant_standing",
        "contact_grant",
        ["viewer_id", "person_id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "contact_view",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("viewer_id", BIG, nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_contact_view_person_id"),
        sa.ForeignKeyConstraint(["viewer_id"], ["person.id"], name="fk_contact_view_viewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_view"),
    )
    op.create_index("ix_contact_view_at_id", "contact_view", ["at", "id"])
    op.create_index("ix_contact_view_person_id_at_id", "contact_view", ["person_id", "at", "id"])
    op.create_index("ix_contact_view_viewer_id_at", "contact_view", ["viewer_id", "at"])


def _profiles() -> None:
    op.create_table(
        "reference_profile",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("is_visible", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("sensitivities", sa.Text(), nullable=False),
        sa.Column("rests_until", sa.Date()),
        sa.Column("status_reason", sa.String(length=500), nullable=False),
        sa.Column("retired_as", sa.String(length=12)),
        sa.Column("verified_at", MOMENT),
        sa.Column("verified_by_id", BIG),
        sa.Column("verify_on", sa.Date()),
        sa.Column("verify_why", sa.String(length=40), nullable=False),
        sa.Column("nps", sa.Integer()),
        sa.Column("nps_at", MOMENT),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("made_by_id", BIG),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("(status = 'retired') = (retired_as IS NOT NULL)", name=op.f("ck_reference_profile_retired_has_reason")),
        sa.CheckConstraint(
            "retired_as IN ('left', 'unhappy', 'product', 'own_wish', 'unsuitable', 'other')", name=op.f("ck_reference_profile_retired_as_known")
        ),
        sa.CheckConstraint(
            "status IN ('candidate', 'active', 'resting', 'needs_verification', 'legal_hold', 'retired')",
            name=op.f("ck_reference_profile_status_known"),
        ),
        sa.CheckConstraint("nps BETWEEN 0 AND 10", name=op.f("ck_reference_profile_nps_in_range")),
        sa.CheckConstraint("tier IN (1, 2, 3)", name=op.f("ck_reference_profile_tier_known")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_reference_profile_made_by_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reference_profile_person_id"),
        sa.ForeignKeyConstraint(["verified_by_id"], ["person.id"], name="fk_reference_profile_verified_by_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_reference_profile"),
    )
    op.create_index(
        "ix_reference_profile_due",
        "reference_profile",
        ["verify_on", "person_id"],
        sqlite_where=sa.text("status IN ('active', 'resting')"),
        postgresql_where=sa.text("status IN ('active', 'resting')"),
    )
    op.create_index("ix_reference_profile_status_is_visible_tier", "reference_profile", ["status", "is_visible", "tier"])
    op.create_table(
        "profile_activity",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("activity", sa.String(length=20), nullable=False),
        sa.Column("is_never", sa.Boolean(), nullable=False),
        sa.Column("consent_id", BIG),
        sa.CheckConstraint(
            KNOWN,
            name=op.f("ck_profile_activity_activity_known"),
        ),
        sa.CheckConstraint("is_never = (consent_id IS NULL)", name=op.f("ck_profile_activity_consent_or_never")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_profile_activity_consent_id"),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_activity_person_id"),
        sa.PrimaryKeyConstraint("person_id", "activity", name="pk_profile_activity"),
    )
    op.create_index("ix_profile_activity_activity_is_never_person_id", "profile_activity", ["activity", "is_never", "person_id"])
    op.create_index("ix_profile_activity_consent_id", "profile_activity", ["consent_id"])
    op.create_table(
        "profile_word",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("word", sa.String(length=120), nullable=False),
        sa.CheckConstraint("kind IN ('language', 'product', 'use_case', 'replaced', 'not_for')", name=op.f("ck_profile_word_kind_known")),
        sa.CheckConstraint("word <> ''", name=op.f("ck_profile_word_has_word")),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_word_person_id"),
        sa.PrimaryKeyConstraint("person_id", "kind", "key", name="pk_profile_word"),
    )
    op.create_index("ix_profile_word_kind_key_person_id", "profile_word", ["kind", "key", "person_id"])
    op.create_table(
        "profile_blackout",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_profile_blackout_in_order")),
        sa.ForeignKeyConstraint(["person_id"], ["reference_profile.person_id"], name="fk_profile_blackout_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_profile_blackout"),
    )
    op.create_index("ix_profile_blackout_person_id_last_on", "profile_blackout", ["person_id", "last_on"])


def _requests() -> None:
    op.create_table(
        "reference_request",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("requester_id", BIG, nullable=False),
        sa.Column("handler_id", BIG),
        sa.Column("is_self_serve", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("activity", sa.String(length=20), nullable=False),
        sa.Column("prospect", sa.String(length=160), nullable=False),
        sa.Column("prospect_domain", sa.String(length=253), nullable=False),
        sa.Column("prospect_contact", sa.String(length=120), nullable=False),
        sa.Column("prospect_email", sa.String(length=254), nullable=False),
        sa.Column("industry", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=120), nullable=False),
        sa.Column("size", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=60), nullable=False),
        sa.Column("competitor", sa.String(length=160), nullable=False),
        sa.Column("worry", sa.Text(), nullable=False),
        sa.Column("criteria", JSON, nullable=False),
        sa.Column("deal_name", sa.String(length=160), nullable=False),
        sa.Column("deal_value", BIG),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("deal_stage", sa.String(length=12)),
        sa.Column("deal_outcome", sa.String(length=4)),
        sa.Column("deal_closed_on", sa.Date()),
        sa.Column("needed_by", sa.Date()),
        sa.Column("expected_grade", sa.Integer()),
        sa.Column("end_code", sa.String(length=20), nullable=False),
        sa.Column("end_reason", sa.String(length=500), nullable=False),
        sa.Column("unfilled_by", sa.String(length=40), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT),
        sa.Column("first_proposed_at", MOMENT),
        sa.Column("accepted_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint(
            KNOWN,
            name=op.f("ck_reference_request_activity_known"),
        ),
        sa.CheckConstraint("deal_outcome IN ('won', 'lost')", name=op.f("ck_reference_request_deal_outcome_known")),
        sa.CheckConstraint("deal_stage IN ('early', 'evaluation', 'proposal', 'negotiation')", name=op.f("ck_reference_request_deal_stage_known")),
        sa.CheckConstraint(
            _one_of(
                "state",
                "draft",
                "open",
                "matching",
                "proposed",
                "owner_agreed",
                "customer_asked",
                "accepted",
                "scheduled",
                "completed",
                "missed",
                "declined",
                "expired",
                "cancelled",
                "withdrawn",
            ),
            name=op.f("ck_reference_request_state_known"),
        ),
        sa.CheckConstraint("(deal_outcome IS NULL) = (deal_closed_on IS NULL)", name=op.f("ck_reference_request_deal_closed_whole")),
        sa.CheckConstraint("deal_value >= 0", name=op.f("ck_reference_request_value_not_negative")),
        sa.ForeignKeyConstraint(["handler_id"], ["person.id"], name="fk_reference_request_handler_id"),
        sa.ForeignKeyConstraint(["requester_id"], ["person.id"], name="fk_reference_request_requester_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reference_request"),
        sa.UniqueConstraint("requester_id", "key", name="uq_reference_request_requester_id_key"),
    )
    op.create_index(
        "ix_reference_request_lives",
        "reference_request",
        ["needed_by", "id"],
        sqlite_where=sa.text("state NOT IN ('draft', 'completed', 'missed', 'declined', 'expired', 'cancelled', 'withdrawn')"),
        postgresql_where=sa.text("state NOT IN ('draft', 'completed', 'missed', 'declined', 'expired', 'cancelled', 'withdrawn')"),
    )
    op.create_index("ix_reference_request_opened_at_id", "reference_request", ["opened_at", "id"])
    op.create_index("ix_reference_request_requester_id_made_at_id", "reference_request", ["requester_id", "made_at", "id"])
    op.create_index("ix_reference_request_state_changed_at_id", "reference_request", ["state", "changed_at", "id"])
    op.create_table(
        "request_candidate",
        sa.Column("id", BIG, nullable=False),
        sa.Column("request_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("company_id", BIG),
        sa.Column("owner_id", BIG),
        sa.Column("ask_id", BIG),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fit", sa.Integer()),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("proposed_by_id", BIG),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("owner_answered_at", MOMENT),
        sa.Column("asked_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("decline_code", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=1000), nullable=False),
        sa.Column("suggested_name", sa.String(length=120), nullable=False),
        sa.Column("suggested_email", sa.String(length=254), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("minutes", sa.Integer()),
        sa.CheckConstraint(
            _one_of(
                "state",
                "proposed",
                "owner_agreed",
                "asked",
                "accepted",
                "scheduled",
                "completed",
                "missed",
                "owner_declined",
                "declined",
                "no_answer",
                "withdrawn",
            ),
            name=op.f("ck_request_candidate_state_known"),
        ),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name=op.f("ck_request_candidate_grade_in_range")),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_request_candidate_minutes_not_negative")),
        sa.ForeignKeyConstraint(["ask_id"], ["ask.id"], name="fk_request_candidate_ask_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_request_candidate_company_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_request_candidate_owner_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_request_candidate_person_id"),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"], name="fk_request_candidate_proposed_by_id"),
        sa.ForeignKeyConstraint(["request_id"], ["reference_request.id"], name="fk_request_candidate_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_request_candidate"),
        sa.UniqueConstraint("request_id", "person_id", name="uq_request_candidate_request_id_person_id"),
    )
    op.create_index("ix_request_candidate_company_id_proposed_at", "request_candidate", ["company_id", "proposed_at"])
    op.create_index("ix_request_candidate_owner_id_state", "request_candidate", ["owner_id", "state"])
    op.create_index("ix_request_candidate_person_id_proposed_at", "request_candidate", ["person_id", "proposed_at"])
    op.create_index(
        "uq_request_candidate_holds",
        "request_candidate",
        ["request_id"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('owner_declined', 'declined', 'no_answer', 'withdrawn')"),
        postgresql_where=sa.text("state NOT IN ('owner_declined', 'declined', 'no_answer', 'withdrawn')"),
    )
