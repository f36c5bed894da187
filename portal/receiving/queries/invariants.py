"""What must always hold between the sums of a year and the values they are made of."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I2", "What somebody received in a year is the sum of the values that did not come back.", "received_year",
        """WITH v AS (SELECT person_id, year, SUM(cents) AS cents FROM received_value WHERE taken_back_at IS NULL GROUP BY person_id, year)
        SELECT y.person_id AS id, 'has ' || y.cents || ' cents in ' || y.year || ', and values of ' || COALESCE(v.cents, 0) AS text
        FROM received_year y LEFT JOIN v ON v.person_id = y.person_id AND v.year = y.year WHERE y.cents <> COALESCE(v.cents, 0)
        UNION ALL SELECT v.person_id, 'has no sum for ' || v.year || ', and values of ' || v.cents FROM v
        WHERE NOT EXISTS (SELECT 1 FROM received_year y WHERE y.person_id = v.person_id AND y.year = v.year)""",
    ),
)  # fmt: skip
