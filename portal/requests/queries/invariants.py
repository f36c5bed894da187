"""What must always hold of requests: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I15", "Whoever is proposed for a request, or said yes, has the ask that holds their slot; who is not any more holds none.",
        "request_candidate",
        """SELECT c.id, 'has no ask of this request, or one that holds a slot after its end' AS text FROM request_candidate c
        LEFT JOIN ask a ON a.id = c.ask_id AND a.person_id = c.person_id AND a.source_type = 'reference_request' AND a.source_id = c.request_id
        LEFT JOIN open_ask o ON o.ask_id = c.ask_id
        WHERE a.id IS NULL OR (o.ask_id IS NOT NULL AND c.state IN
        ('completed', 'missed', 'owner_declined', 'declined', 'no_answer', 'withdrawn'))
        OR (c.state IN ('accepted', 'scheduled') AND (o.ask_id IS NULL OR NOT o.is_accepted))""",
    ),
    Invariant(
        "I15", "A request stands as its candidate does.", "reference_request",
        """SELECT r.id, 'does not stand as its candidate does' AS text FROM reference_request r JOIN request_candidate c ON c.request_id = r.id
        WHERE c.state IN ('proposed', 'owner_agreed', 'asked', 'accepted', 'scheduled', 'completed', 'missed')
        AND r.state <> CASE c.state WHEN 'asked' THEN 'customer_asked' ELSE c.state END""",
    ),
    Invariant(
        "I15", "Whoever is waited for after a yes said yes, and was reminded or asked no sooner than the waiting began.", "request_wait",
        """SELECT w.candidate_id AS id, 'waits without a yes, or was reminded or asked before it began' AS text FROM request_wait w
        JOIN request_candidate c ON c.id = w.candidate_id
        WHERE c.answered_at IS NULL OR (w.since_at < c.answered_at AND c.state IN ('accepted', 'scheduled'))
        OR w.reminded_at < w.since_at OR w.asked_at < w.since_at
        OR (w.word IS NOT NULL AND c.state = 'scheduled') OR (w.words <> '' AND w.word IS NULL)""",
    ),
    Invariant(
        "I15", "What took place outside the portal had begun before it was written down, and its meeting stands.", "request_outside",
        """SELECT o.candidate_id AS id, 'has no meeting that stands and had begun' AS text FROM request_outside o
        LEFT JOIN request_meeting m ON m.candidate_id = o.candidate_id
        WHERE m.candidate_id IS NULL OR m.cancelled_at IS NOT NULL OR m.starts_at > o.noted_at OR o.who = ''""",
    ),
    Invariant(
        "I15", "A completed request has its act, and was paid as the act says, once.", "reference_request",
        """SELECT r.id, 'has no act, or was not paid as it says' AS text FROM reference_request r
        JOIN request_candidate c ON c.request_id = r.id AND c.state = 'completed'
        LEFT JOIN act a ON a.source_type = 'reference_request' AND a.source_id = r.id AND a.person_id = c.person_id
        AND a.reversed_at IS NULL
        WHERE a.id IS NULL OR a.points <> (SELECT COALESCE(SUM(t.points), 0) FROM transfer t
        WHERE t.source_type = 'reference_request' AND t.source_id = r.id AND t.kind IN ('award', 'reverse'))""",
    ),
    Invariant(
        "I15", "What did not take place has no act that counts, and what was paid for it was taken back.", "reference_request",
        """SELECT r.id, 'did not take place, and has an act or points that were not taken back' AS text FROM reference_request r
        WHERE r.state = 'missed' AND (EXISTS (SELECT 1 FROM act a WHERE a.source_type = 'reference_request' AND a.source_id = r.id
        AND a.reversed_at IS NULL) OR 0 <> (SELECT COALESCE(SUM(t.points), 0) FROM transfer t
        WHERE t.source_type = 'reference_request' AND t.source_id = r.id AND t.kind IN ('award', 'reverse')))""",
    ),
)  # fmt: skip
