"""What an admin does with templates: begin a challenge with one, keep a challenge as one, change, hide and remove them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.editing import add_challenge, offer_of, require_editor
from portal.challenges.actions.stages import add_stage, step_fields
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.templates import HiddenTemplate, OwnTemplate
from portal.challenges.queries.stages import get_challenge, stages_of
from portal.challenges.queries.templates import get_template, ours
from portal.challenges.queries.versions import edited_version
from portal.challenges.rules import templates as rules
from portal.challenges.rules.offer import Offer
from portal.challenges.rules.templates import Template, TemplateStep
from portal.challenges.stages.registry import KINDS
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.ids import new_key

Change = Callable[[Template], Template]


def make_draft(session: Session, actor: Actor, *, template_key: str, key: str, now: datetime) -> Challenge:
    """Make a draft of what a template says, with the actions that every draft is made with; for the same ``key`` the same draft.

    Refuses a template that is gone (``TemplateGone``), has no steps (``NoStages``) or asks for a kind of step unknown here (``KindUnknown``).
    """
    require_editor(actor)
    template = get_template(session, template_key).template
    rules.require_usable(template, KINDS)
    made, is_new = add_challenge(session, actor, offer=template.offer, key=key, now=now)
    for step in template.steps if is_new else ():
        given: dict[str, Any] = {"kind": step.kind, "title": step.title, "text": step.text, "options": step.options, "points": step.points}
        add_stage(session, actor, challenge_id=made.id, **given, now=now)
    return made


def save_as_template(session: Session, actor: Actor, *, challenge_id: int, key: str, now: datetime) -> OwnTemplate:
    """Keep what the editor shows of a challenge as a template of the organisation's own, once for a ``key``.

    Its days, places, audience and what comes first stay behind: they belong to one occasion. Refuses more than 200 (``TooManyTemplates``).
    """
    require_editor(actor)
    if first := _made_by(session, key):
        return first
    if (session.scalar(select(func.count()).select_from(OwnTemplate)) or 0) >= rules.MOST_OWN:
        raise rules.TooManyTemplates(most=rules.MOST_OWN)
    version = edited_version(session, get_challenge(session, challenge_id))
    steps = tuple(
        TemplateStep(number, stage.kind, stage.title, stage.text, stage.points, _asked(stage))
        for number, stage in enumerate(stages_of(session, challenge_id, version.number), start=1)
    )
    template = rules.require_template(Template(offer_of(version), steps))
    try:
        with session.begin_nested():
            made = _add(session, actor, f"{rules.OWN}{new_key()}", template, key, now)
    except IntegrityError as error:
        first = _made_by(session, key)
        if first is None or not violated(error, "challenge_template", "made_by"):
            raise
        return first
    record(session, actor, "template.saved", "template", made.id, now=now, title=template.offer.title, challenge_id=challenge_id)
    return made


def edit_template(session: Session, actor: Actor, *, template_key: str, revision: int, offer: Offer, now: datetime) -> None:
    """Change what a template offers. Refuses as ``require_offer``, and where somebody changed it after ``revision`` (``TemplateChanged``)."""
    _change(session, actor, template_key, lambda template: replace(template, offer=offer), now, revision)


def add_step(
    session: Session,
    actor: Actor,
    *,
    template_key: str,
    revision: int,
    kind: str,
    title: str,
    text: str,
    options: Mapping[str, Any],
    points: int,
    now: datetime,
) -> None:
    """Add a step at the end; one that says the same as the last is that one, clicked twice.

    Refuses as ``edit_template``, no title, more than 20 steps, and parts that are more than the whole.
    """

    def added(template: Template) -> Template:
        step = TemplateStep(rules.next_id(template), kind, **step_fields(kind, title, text, options), points=points)
        if template.steps and replace(template.steps[-1], id=step.id) == step:
            return template
        return replace(template, steps=(*template.steps, step))

    _change(session, actor, template_key, added, now, revision)


def edit_step(
    session: Session,
    actor: Actor,
    *,
    template_key: str,
    revision: int,
    step_id: int,
    title: str,
    text: str,
    options: Mapping[str, Any],
    points: int,
    now: datetime,
) -> None:
    """Change a step; its kind stays. Refuses as ``add_step``, and a step that is gone (``StepGone``)."""

    def edited(template: Template) -> Template:
        kind = template.step(step_id).kind
        step = TemplateStep(step_id, kind, **step_fields(kind, title, text, options), points=points)
        return replace(template, steps=tuple(step if old.id == step_id else old for old in template.steps))

    _change(session, actor, template_key, edited, now, revision)


def remove_step(session: Session, actor: Actor, *, template_key: str, step_id: int, now: datetime) -> None:
    """Take a step out; one that is gone already is nothing."""
    _change(session, actor, template_key, lambda template: replace(template, steps=tuple(s for s in template.steps if s.id != step_id)), now)


def move_step(session: Session, actor: Actor, *, template_key: str, step_id: int, by: int, now: datetime) -> None:
    """Move a step up (``by=-1``) or down (``by=1``). At the end it stays where it is."""
    _change(session, actor, template_key, lambda template: rules.moved(template, step_id, by), now)


def remove_template(session: Session, actor: Actor, *, template_key: str, now: datetime) -> None:
    """Remove a template of one's own. What was made from it stays.

    Refuses one of ours, which can be hidden, and one that is gone (``TemplateGone``).
    """
    require_editor(actor)
    found = _locked(session, template_key)
    if found is None or template_key in ours(session):
        raise rules.TemplateGone()
    _delete(session, actor, found, "template.removed", now)


def restore_template(session: Session, actor: Actor, *, template_key: str, now: datetime) -> None:
    """Bring back the text with which a template came; where nobody changed it there is nothing to do. Refuses one of one's own (``TemplateGone``)."""
    require_editor(actor)
    if template_key not in ours(session):
        raise rules.TemplateGone()
    if (found := _locked(session, template_key)) is not None:
        _delete(session, actor, found, "template.restored", now)


def hide_template(session: Session, actor: Actor, *, template_key: str, now: datetime) -> None:
    """Offer a template that came with the portal no longer. One of one's own is removed instead (``TemplateGone``)."""
    require_editor(actor)
    found = get_template(session, template_key)
    if not found.is_ours:
        raise rules.TemplateGone()
    if found.is_hidden:
        return
    try:
        with session.begin_nested():
            session.add(HiddenTemplate(key=template_key, hidden_at=now, hidden_by_id=actor.id))
    except IntegrityError as error:
        if not violated(error, "hidden_template", "key", name="pk_hidden_template"):
            raise
        return
    record(session, actor, "template.hidden", "template", None, now=now, title=found.template.offer.title)


def show_template(session: Session, actor: Actor, *, template_key: str, now: datetime) -> None:
    """Offer a hidden template again; one that is offered already is fine."""
    require_editor(actor)
    found = get_template(session, template_key)
    gone = session.execute(delete(HiddenTemplate).where(HiddenTemplate.key == template_key).returning(HiddenTemplate.key)).first()
    if gone is not None:
        record(session, actor, "template.shown", "template", None, now=now, title=found.template.offer.title)


def _change(session: Session, actor: Actor, template_key: str, change: Change, now: datetime, revision: int | None = None) -> None:
    """Write a template changed into its own row, which is made at the first change of one that came with the portal."""
    require_editor(actor)
    row, came = _locked(session, template_key), ours(session).get(template_key)
    before = rules.template_of(row.document) if row is not None else came
    if before is None:
        raise rules.TemplateGone()
    after = rules.require_template(change(before))
    if after == before:
        return
    if revision is not None and revision != (row.revision if row is not None else 0):
        raise rules.TemplateChanged()
    if row is None:
        row = _own_copy(session, actor, template_key, after, now)
    else:
        row.document, row.revision, row.changed_at, row.changed_by_id = rules.document_of(after), row.revision + 1, now, actor.id
        session.flush()
    record(session, actor, "template.edited", "template", row.id, now=now, title=after.offer.title)


def _asked(stage: Stage) -> dict[str, Any]:
    """Return the options an admin chose, without what was copied into them for one occasion, such as the profile of a review site."""
    known = KINDS[stage.kind].options if stage.kind in KINDS else stage.options
    return {name: value for name, value in stage.options.items() if name in known}


def _delete(session: Session, actor: Actor, row: OwnTemplate, event: str, now: datetime) -> None:
    row_id, title = row.id, rules.template_of(row.document).offer.title
    session.delete(row)
    session.flush()
    record(session, actor, event, "template", row_id, now=now, title=title)


def _locked(session: Session, template_key: str) -> OwnTemplate | None:
    found = select(OwnTemplate).where(OwnTemplate.key == template_key).with_for_update().execution_options(populate_existing=True)
    return session.scalar(found)


def _own_copy(session: Session, actor: Actor, template_key: str, template: Template, now: datetime) -> OwnTemplate:
    """Put a text in the place of the one that came. Refuses (``TemplateChanged``) where somebody does so at the same moment and is faster."""
    try:
        with session.begin_nested():
            return _add(session, actor, template_key, template, None, now)
    except IntegrityError as error:
        if not violated(error, "challenge_template", "key"):
            raise
        raise rules.TemplateChanged() from error


def _add(session: Session, actor: Actor, key: str, template: Template, made_by: str | None, now: datetime) -> OwnTemplate:
    facts = {"document": rules.document_of(template), "made_by": made_by, "made_at": now, "changed_at": now, "changed_by_id": actor.id}
    row = OwnTemplate(key=key, revision=1, **facts)
    session.add(row)
    session.flush()
    return row


def _made_by(session: Session, key: str) -> OwnTemplate | None:
    return session.scalar(select(OwnTemplate).where(OwnTemplate.made_by == key))
