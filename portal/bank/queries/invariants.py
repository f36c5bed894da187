"""What must always hold between the months that finance keeps and the transfers they were counted from.

A month that breaks it was written to after it was kept: removed from ``finance_month_lots`` and ``finance_month``, with those after it, it is
counted anew by the worker.
"""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I2", "What finance keeps of the lots at the end of a month is the sum of their lines until then.", "finance_month",
        """WITH last AS (SELECT unit, zone, MAX(first_on) AS first_on, MIN(begins_at) AS begins_at, MAX(ends_at) AS ends_at
            FROM finance_month GROUP BY unit, zone),
        a AS (SELECT last.unit, last.zone, last.first_on, l.month, SUM(x.earned) AS earned, SUM(x.open) AS open, SUM(x.held) AS held,
                SUM(x.spent) AS spent,
                SUM(x.expired) AS expired, SUM(x.reversed) AS reversed, SUM(x.corrected) AS corrected, SUM(x.paid) AS paid
            FROM last
            JOIN lot l ON l.unit = last.unit JOIN lot_line x ON x.lot_id = l.id
            JOIN transfer t ON t.id = x.transfer_id AND t.recorded_at < last.ends_at
            GROUP BY last.unit, last.zone, last.first_on, l.month),
        k AS (SELECT f.* FROM finance_month_lots f JOIN last ON last.unit = f.unit AND last.zone = f.zone AND last.first_on = f.first_on)
        SELECT 0 AS id, a.unit || ' of ' || a.month || ' are not kept as they were at the end of the month of ' || a.first_on AS text FROM a
        WHERE NOT EXISTS (SELECT 1 FROM k WHERE k.unit = a.unit AND k.zone = a.zone AND k.month = a.month
            AND k.earned = a.earned AND k.open = a.open AND k.held = a.held AND k.spent = a.spent
            AND k.expired = a.expired AND k.reversed = a.reversed AND k.corrected = a.corrected AND k.paid = a.paid)
        UNION ALL SELECT 0, k.unit || ' of ' || k.month || ' are kept, and there were none at the end of the month of ' || k.first_on FROM k
        WHERE NOT EXISTS (SELECT 1 FROM a WHERE k.unit = a.unit AND k.zone = a.zone AND k.month = a.month)""",
    ),
    Invariant(
        "I2", "What finance keeps of all months together is what was recorded in them.", "finance_month",
        """WITH last AS (SELECT unit, zone, MAX(first_on) AS first_on, MIN(begins_at) AS begins_at, MAX(ends_at) AS ends_at
            FROM finance_month GROUP BY unit, zone),
        a AS (SELECT last.unit, last.zone,
            SUM(CASE WHEN COALESCE(o.kind, t.kind) IN ('award', 'adjust') THEN t.points ELSE 0 END) AS given,
            SUM(CASE WHEN COALESCE(o.kind, t.kind) = 'capture' THEN t.points ELSE 0 END) AS redeemed,
            SUM(CASE WHEN t.kind = 'expire' THEN t.points WHEN t.kind = 'reverse' THEN
                (SELECT COALESCE(SUM(e.amount), 0) FROM entry e JOIN account c ON c.id = e.account_id
                    WHERE e.transfer_id = t.id AND c.kind = 'expired')
                ELSE 0 END) AS expired
            FROM last JOIN transfer t ON t.unit = last.unit AND t.recorded_at >= last.begins_at AND t.recorded_at < last.ends_at
            LEFT JOIN transfer o ON t.kind = 'reverse' AND o.id = t.reverses_id GROUP BY last.unit, last.zone),
        k AS (SELECT unit, zone, SUM(given) AS given, SUM(redeemed) AS redeemed, SUM(expired) AS expired FROM finance_month GROUP BY unit, zone)
        SELECT 0 AS id, k.unit || ' given, redeemed and expired are kept as ' || k.given || ', ' || k.redeemed || ', ' || k.expired AS text
        FROM k LEFT JOIN a ON a.unit = k.unit AND a.zone = k.zone
        WHERE k.given <> COALESCE(a.given, 0) OR k.redeemed <> COALESCE(a.redeemed, 0) OR k.expired <> COALESCE(a.expired, 0)""",
    ),
)  # fmt: skip
