"""The one importing engine: reads a table, checks every row, commits the good ones in chunks, can be resumed and undone.

It knows no companies and no challenges. **To add an importer**, write one small class in the room
whose things it makes (``people/importer.py`` is the shortest example) and list it in ``IMPORTERS``
in ``app.py``; the command ``flask import <name>``, the admin pages, the dry run, the error file,
resuming and undo come by themselves. The class has the shape of ``contract.Importer``:

``name``, ``title``, ``subject_type``
    the word on the command line, the words on the page, and what a row becomes (as in the audit log).
``fields``
    what can be filled, each a ``rules.records.Field`` with help and a way to read a cell
    (``rules.cells``). ``external_id`` must be among them; it is unique per source.
``check(session, records, context)``
    faults by line that need more than one cell or the database. Every row is checked before the
    first is written. Read in bulk: it is called once, with all rows.
``match(session, records, context)``
    what stands here already for records whose external id is new, by line: a company of the same
    name, say, typed in by hand. It is taken over instead of made twice. ``{}`` where that cannot be.
``steps(record)``
    what happens for a row, and when: one ``Step()`` if time does not matter. The engine does all
    steps of all rows in order of time.
``remarks(session, records, context)``
    sentences about the whole file for who decides to import it, ``()`` for none: what becomes of the
    good rows that is not said by their number.
``apply(session, actor, record, step, subject_id, context, now)``
    does one step through the room's own actions and says what came of it. ``subject_id`` is what
    the external id stands for already, or None. A ``Refusal`` makes the row a bad one. Doing it
    again must find nothing to change. Mail only where ``context.is_notifying``.
``would_change(session, record, subject_id, context)``
    what ``apply`` would find for a row that is known, for the dry run. Writes nothing.
``undo(session, actor, row, now)``
    takes back what the batch did with one row: by reversal where points were paid, by restoring
    ``row.before`` where something was edited. False keeps the thing, and its external id, because
    it is in use.
"""
