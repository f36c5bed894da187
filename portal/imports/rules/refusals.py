"""Why an import as a whole is refused. What is wrong with a single row is a ``Fault``."""

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_


class ImportRefused(Refusal):
    """The import cannot begin. Nothing was written."""


class NotATable(ImportRefused):
    """No text, or no header line."""

    message = N_("This file is not a CSV table. Please export it as CSV, with the column names in the first line.")
    field = "file"


class NoRows(ImportRefused):
    """A header and nothing under it."""

    message = N_("This table has a header but no rows.")
    field = "file"


class UnpackedTooLarge(ImportRefused):
    """A gzip file that unpacks without end."""

    message = N_("This file unpacks to more than %(limit)s MB. Please split it.")
    field = "file"


class TooManyRows(ImportRefused):
    """More rows than are read at once."""

    message = N_("This table has more than %(limit)s rows. Please split it.")
    field = "file"


class UnknownField(ImportRefused):
    """A mapping to something this import does not have."""

    message = N_("There is no field “%(name)s”. The fields are: %(known)s.")


class UnknownColumn(ImportRefused):
    """A mapping from a column that the file does not have."""

    message = N_("The file has no column “%(name)s”. Its columns are: %(known)s.")


class ColumnTwice(ImportRefused):
    """A mapping from a name that two columns have."""

    message = N_("The file has more than one column named “%(name)s”.")


class FieldTwice(ImportRefused):
    """One field, filled from a column and with a constant."""

    message = N_("The field “%(name)s” is filled from a column and with a constant. Please choose one.")


class FieldMissing(ImportRefused):
    """A required field that nothing fills."""

    message = N_("Nothing fills the field “%(name)s”. Map a column to it, or set it.")


class PlanUnreadable(ImportRefused):
    """An option that is not of the form asked for."""

    message = N_("“%(text)s” is not of the form %(form)s.")


class ImportTaken(Conflict):
    """Two processes work on one batch. The second stops; the first goes on."""

    message = N_("Batch %(batch)s is being worked on by another process, or was stopped. Nothing was done twice.")


class NothingToUndo(Conflict):
    """The batch was undone, or has not written anything."""

    message = N_("Batch %(batch)s has nothing to undo.")


class NotReady(Conflict):
    """The batch is not in the state in which this can be done."""

    message = N_("This import has gone on since you opened the page. Here is how it stands now.")
