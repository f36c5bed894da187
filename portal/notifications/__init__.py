"""Telling people, and promising work: inbox, mail, and the outbox of jobs behind both.

**A job is a row first.** ``actions.enqueue`` writes it in the business transaction: rolled back, it
never was; committed, it is done at least once, or shown to the admins as a dead letter after ten
tries. Huey is only the engine that brings a row to a thread quickly; its storage may be lost at any
time, the sweeper hands every open row over again. A handler ``(database, payload, now)`` is handed
over in ``app.py`` (``JOBS``, by topic). It may run twice for one row, when a worker dies between the
effect and the mark, so it must make its effect unique itself: ``payload["outbox_id"]`` is the row's
id, the same at each repeat. It opens its own unit of work (``database.write``), raises to be tried
again later, and raises ``rules.GiveUp`` where trying again cannot help. Ticks (``TICKS``) are work
that each worker does every few seconds; several workers may run one at once.

**To add a kind of mail**, make the folder ``templates/emails/<kind>/`` with four files and call
``actions.notify(kind="<kind>", …)`` in the action it tells about:

``subject.txt``
    One line. It is the mail's subject and the notice's words in the inbox, so it uses what is in
    ``data`` only (no ``name``, no ``link``).
``body.txt``
    ``{% extends "emails/_layout.txt" %}`` and a block ``main``. Greeting, link and footer come from the layout.
``body.html``
    ``{% extends "emails/_layout.html" %}``, block ``main`` (paragraphs, ``h1``, ``ul``, ``blockquote``; no
    styles, the layout's are put into the tags when the mail is sent), block ``action`` for the words on the
    button to ``link``, and block ``why`` where the reason for the mail is another than taking part.
``sample.json``
    An example of ``data``: what the templates may use. A test renders every kind with it, and fails on a
    name that is missing.

All words go through ``_()``; they are rendered when the mail is sent, in the language of the recipient.
The templates know ``data``'s own names, ``name`` (the recipient's, may be empty), ``link`` (absolute, or
None), ``subject``, ``settings`` and the page filters; a moment in ``data`` is ISO text, shown with
``{{ decided_at|parsed|moment }}``. ``data["reason"]``, and what went: ``data["badges"]`` and ``data["lost_level"]``, if given,
are shown under the notice too.
"""
