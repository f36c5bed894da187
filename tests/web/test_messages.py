"""The messages that translators are given."""

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config import ROOT
from portal.kernel.errors import Refusal
from portal.menu import NAVIGATION


def every_refusal(kind: type[Refusal] = Refusal) -> set[type[Refusal]]:
    return {kind}.union(*(every_refusal(child) for child in kind.__subclasses__()))


def ids(catalog: Catalog) -> set[str]:
    return {message.id[0] if isinstance(message.id, tuple) else message.id for message in catalog}


def test_the_template_of_messages_is_up_to_date(extracted: Catalog) -> None:
    """``make messages`` brings it up to date."""
    with (ROOT / "portal" / "translations" / "messages.pot").open("rb") as file:
        kept = ids(read_po(file))
    assert {"new": ids(extracted) - kept, "gone": kept - ids(extracted)} == {"new": set(), "gone": set()}


def test_every_refusal_and_every_entry_of_the_navigation_can_be_translated(extracted: Catalog) -> None:
    said = {refusal.message for refusal in every_refusal()} | {item.label for item in NAVIGATION}
    assert said - ids(extracted) == set()


def test_the_sentences_of_the_form_library_can_be_translated(extracted: Catalog) -> None:
    assert "This field is required." in ids(extracted)
