"""What must always hold between redemptions and the safe: ``flask ledger check`` runs these with the safe's own list.

The safe alone cannot see a hold that was forgotten when its redemption was declined.
"""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I8", "The points of a redemption are held, spent or given back as its state says, once.", "redemption",
        """SELECT r.id, 'is ' || r.state || ', which is not what happened to its points' AS text FROM redemption r
        LEFT JOIN transfer h ON h.id = r.hold_id LEFT JOIN transfer e ON e.resolves_id = r.hold_id
        LEFT JOIN transfer b ON b.reverses_id = r.capture_id
        WHERE h.id IS NULL OR h.kind <> 'hold' OR h.owner_id <> r.person_id OR h.points <> r.price
        OR COALESCE(e.kind, 'open') <> CASE WHEN r.state IN ('requested', 'approved', 'ordered', 'failed') THEN 'open'
        WHEN r.state IN ('sent', 'received', 'returned') THEN 'capture' ELSE 'release' END
        OR (r.state IN ('sent', 'received', 'returned') AND e.id <> COALESCE(r.capture_id, 0)) OR (r.state = 'returned') <> (b.id IS NOT NULL)""",
    ),
    Invariant(
        "I8", "Each hold for a reward belongs to its redemption, or was released before it was held anew.", "transfer",
        """SELECT h.id, 'holds points for redemption ' || COALESCE(h.source_id, 0) || ', which knows nothing of it' AS text FROM transfer h
        LEFT JOIN redemption r ON r.id = h.source_id WHERE h.kind = 'hold' AND h.source_type = 'redemption'
        AND (r.id IS NULL OR (COALESCE(r.hold_id, 0) <> h.id AND (COALESCE(r.hold_id, 0) < h.id
        OR NOT EXISTS (SELECT 1 FROM transfer e WHERE e.resolves_id = h.id AND e.kind = 'release'))))""",
    ),
    Invariant(
        "I8", "A hold belongs to one redemption, and a spending to one.", "redemption",
        """SELECT MAX(id) AS id, 'has the hold of another' AS text FROM redemption WHERE hold_id IS NOT NULL GROUP BY hold_id HAVING COUNT(*) > 1
        UNION ALL SELECT MAX(id), 'has the spending of another' FROM redemption WHERE capture_id IS NOT NULL
        GROUP BY capture_id HAVING COUNT(*) > 1""",
    ),
    Invariant(
        "I13", "Nobody approves their own redemption.", "redemption",
        "SELECT id, 'was approved by its own person' AS text FROM redemption WHERE approved_by = person_id",
    ),
    Invariant(
        "I14", "Each redemption stands in the record.", "redemption",
        """SELECT r.id, 'is not in the record' AS text FROM redemption r WHERE NOT EXISTS (SELECT 1 FROM audit_event e
        WHERE e.subject_type = 'redemption' AND e.subject_id = r.id AND e.name = 'reward.redeemed')""",
    ),
    Invariant(
        "I12", "The stock of a reward is the sum of its movements, and never below nothing.", "reward",
        """SELECT r.id, 'has stock ' || COALESCE(r.stock, 0) || ', and its movements come to ' || COALESCE(m.pieces, 0) AS text FROM reward r
        LEFT JOIN (SELECT reward_id, SUM(pieces) AS pieces FROM stock_movement WHERE variant_id IS NULL GROUP BY reward_id) m ON m.reward_id = r.id
        WHERE COALESCE(r.stock, 0) <> COALESCE(m.pieces, 0) OR r.stock < 0""",
    ),
    Invariant(
        "I12", "The stock of a variant is the sum of its movements, and never below nothing.", "reward_variant",
        """SELECT v.id, 'has stock ' || COALESCE(v.stock, 0) || ', and its movements come to ' || COALESCE(m.pieces, 0) AS text FROM reward_variant v
        LEFT JOIN (SELECT variant_id, SUM(pieces) AS pieces FROM stock_movement WHERE variant_id IS NOT NULL GROUP BY variant_id) m
        ON m.variant_id = v.id WHERE COALESCE(v.stock, 0) <> COALESCE(m.pieces, 0) OR v.stock < 0""",
    ),
    Invariant(
        "I12", "Each piece that went out was one of its reward.", "reward_variant",
        """SELECT v.id, 'is of reward ' || v.reward_id || ', but redemption ' || r.id || ' of it is not' AS text
        FROM redemption r JOIN reward_variant v ON v.id = r.variant_id WHERE v.reward_id <> r.reward_id""",
    ),
    Invariant(
        "I12", "A redemption takes one piece of what is counted, and gives one back at most.", "redemption",
        """SELECT r.id, 'is ' || r.state || ', took ' || COALESCE(m.taken, 0) || ' and gave back ' || COALESCE(m.back, 0) AS text FROM redemption r
        LEFT JOIN (SELECT redemption_id, SUM(CASE why WHEN 'taken' THEN 1 ELSE 0 END) AS taken, SUM(CASE why WHEN 'back' THEN 1 ELSE 0 END) AS back
        FROM stock_movement WHERE redemption_id IS NOT NULL GROUP BY redemption_id) m ON m.redemption_id = r.id
        WHERE COALESCE(m.taken, 0) - COALESCE(m.back, 0) NOT IN (0, 1)
        OR (r.has_stock AND r.released_at IS NULL AND COALESCE(m.taken, 0) - COALESCE(m.back, 0) <> 1)""",
    ),
    Invariant(
        "I12", "What a redemption took was of its own shelf.", "stock_movement",
        """SELECT m.id, 'is of another shelf than redemption ' || r.id AS text FROM stock_movement m JOIN redemption r ON r.id = m.redemption_id
        WHERE m.reward_id <> r.reward_id OR COALESCE(m.variant_id, 0) <> COALESCE(r.variant_id, 0)""",
    ),
    # Of a shelf that was counted all its life: nothing left it without a piece, and what was given up came back. A code may have been seen or lapsed.
    Invariant(
        "I12", "From a shelf that always was counted nobody redeems without a piece, and what is given up comes back to it.", "redemption",
        """SELECT r.id, CASE WHEN r.has_stock THEN 'gave no piece back' ELSE 'took no piece of what is counted' END AS text FROM redemption r
        JOIN reward w ON w.id = r.reward_id JOIN (SELECT reward_id, COALESCE(variant_id, 0) AS variant_id FROM stock_movement
        GROUP BY reward_id, COALESCE(variant_id, 0) HAVING SUM(CASE WHEN why IN ('opening', 'added') THEN 1 ELSE 0 END) > 0
        AND SUM(CASE WHEN why IN ('uncounted', 'source') THEN 1 ELSE 0 END) = 0) s
        ON s.reward_id = r.reward_id AND s.variant_id = COALESCE(r.variant_id, 0)
        LEFT JOIN (SELECT redemption_id, SUM(CASE why WHEN 'taken' THEN 1 WHEN 'back' THEN -1 ELSE 0 END) AS has FROM stock_movement
        WHERE redemption_id IS NOT NULL GROUP BY redemption_id) m ON m.redemption_id = r.id
        WHERE NOT r.has_stock OR (w.kind <> 'gift_card' AND r.released_at IS NOT NULL AND COALESCE(m.has, 0) <> 0)""",
    ),
    Invariant(
        "I12", "Who waits for a variant waits for one of its reward.", "reward_wait",
        """SELECT w.id, 'waits for a variant of reward ' || v.reward_id AS text FROM reward_wait w JOIN reward_variant v ON v.id = w.variant_id
        WHERE v.reward_id <> w.reward_id""",
    ),
    Invariant(
        "I12", "The stock of a reward from the vault is what the vault holds.", "reward",
        """SELECT r.id, 'has stock ' || COALESCE(r.stock, -1) || ', and the vault holds ' || COALESCE(c.free, 0) AS text FROM reward r
        LEFT JOIN (SELECT shelf, COUNT(*) AS free FROM vault_code WHERE state = 'free' GROUP BY shelf) c ON c.shelf = 'reward:' || r.id
        WHERE r.kind = 'gift_card' AND CAST(r.options AS TEXT) LIKE '%"source": "vault"%' AND COALESCE(r.stock, -1) <> COALESCE(c.free, 0)""",
    ),
    Invariant(
        "I12", "A code is with a redemption of its reward, and can be looked at only while that is theirs.", "vault_code",
        """SELECT c.id, 'is ' || c.state || ' for ' || c.holder || ', which is ' || COALESCE(r.state, 'not there') AS text FROM vault_code c
        LEFT JOIN redemption r ON c.holder = 'redemption:' || r.id AND c.shelf = 'reward:' || r.reward_id
        WHERE c.holder IS NOT NULL AND (r.id IS NULL OR (c.state = 'ready' AND r.state NOT IN ('sent', 'received'))
        OR (c.state = 'taken' AND r.state NOT IN ('requested', 'approved', 'ordered', 'failed'))
        OR (c.state = 'shown' AND r.state NOT IN ('sent', 'received', 'returned')))""",
    ),
    Invariant(
        "I12", "A spare card lies on a shelf that says what card it is.", "vault_code",
        """SELECT c.id, 'lies on ' || c.shelf || ', which nobody knows' AS text FROM vault_code c WHERE c.shelf LIKE 'card:%'
        AND (c.state <> 'free' OR NOT EXISTS (SELECT 1 FROM card_shelf s WHERE c.shelf = 'card:' || s.id))""",
    ),
    Invariant(
        "I8", "A redemption has one order at most that was made or may be, and no points came back while it may be.", "card_order",
        """SELECT o.id, 'is ' || o.state || ', and redemption ' || r.id || ' is ' || r.state AS text FROM card_order o
        JOIN redemption r ON r.id = o.redemption_id
        WHERE (o.state IN ('noted', 'doubt') AND r.state <> 'ordered')
        OR (o.state = 'made' AND r.state NOT IN ('ordered', 'sent', 'received', 'returned'))
        UNION ALL SELECT MAX(id), 'is the second that may bring a card for redemption ' || redemption_id FROM card_order
        WHERE state IN ('noted', 'doubt', 'made') GROUP BY redemption_id HAVING COUNT(*) > 1""",
    ),
    Invariant(
        "I12", "A reward that comes in variants has no stock besides theirs.", "reward",
        "SELECT id, 'has stock ' || stock || ' besides that of its variants' AS text FROM reward "
        "WHERE stock IS NOT NULL AND EXISTS (SELECT 1 FROM reward_variant v WHERE v.reward_id = reward.id)",
    ),
    Invariant(
        "I8", "What was sent counts for its person once, since values are counted, and what came back does not.", "redemption",
        """SELECT r.id, 'is ' || r.state || ', which is not how its value counts' AS text FROM redemption r
        LEFT JOIN received_value v ON v.source = 'redemption:' || CAST(r.id AS VARCHAR(20))
        WHERE (v.id IS NOT NULL AND (v.person_id <> r.person_id OR (v.taken_back_at IS NULL) <> (r.state IN ('sent', 'received'))))
        OR (v.id IS NULL AND r.state IN ('sent', 'received') AND r.sent_at > (SELECT MIN(given_at) FROM received_value))""",
    ),
)  # fmt: skip
