"""The field with which an admin writes a list of questions. Its buttons add, move and remove rows; without JavaScript the page comes back."""

import re
from typing import Any

from wtforms import Field
from wtforms.utils import unset_value

from portal.challenges.stages.asking import ASK_LENGTH, CHOICE_LENGTH, END_LENGTH, HIGHEST, MAX_CHOICES, MAX_QUESTIONS, WAYS
from portal.kernel.ids import new_token
from portal.kernel.text import clean, clean_line

ID = re.compile(r"[0-9A-Za-z]{1,16}")
EXPLANATION_LENGTH = 600
QUIZ_CHOICES = 6

Row = dict[str, Any]


def new_row(*, is_quiz: bool) -> Row:
    """Return an empty question with an id that no other has."""
    return {"id": re.sub(r"[^0-9A-Za-z]", "", new_token())[:10], "ask": "", "way": "one" if is_quiz else "text", "is_required": True, "choices": []}


class QuestionsField(Field):
    """A list of questions. ``rows`` are all that are shown, ``data`` those that are not empty; ``act`` is the button pressed, if one was."""

    def __init__(self, *args: Any, is_quiz: bool = False, **kwargs: Any) -> None:
        self.is_quiz, self.rows, self.act = is_quiz, [], ""  # type: ignore[var-annotated]
        super().__init__(*args, **kwargs)

    @property
    def ways(self) -> dict[str, str]:
        """The ways to answer, by key."""
        return WAYS

    @property
    def can_grow(self) -> bool:
        return len(self.rows) < MAX_QUESTIONS

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Take the rows from the request where it carries some, otherwise those that are stored."""
        self.process_errors: list[str] = []
        stored = data if isinstance(data, list) else []
        tokens = [token for token in dict.fromkeys(formdata.getlist(self.name)) if ID.fullmatch(token)] if formdata else []
        self.rows = [self._row(formdata, token) for token in tokens[: MAX_QUESTIONS + 1]] if tokens else [dict(row) for row in stored]
        self.act = (formdata.get(f"{self.name}-act") or "") if formdata else ""
        self._change()
        self.rows = self.rows or [new_row(is_quiz=self.is_quiz)]
        self.data = [row for row in self.rows if row["ask"] or row["choices"] or row.get("explanation")]

    def places(self, row: Row) -> list[str]:
        """Return the lines for the choices of a quiz's question: what is there, and empty ones."""
        return [*row["choices"], *[""] * max(QUIZ_CHOICES - len(row["choices"]), 0)]

    def _row(self, formdata: Any, token: str) -> Row:
        def one(part: str) -> str:
            return str(formdata.get(f"{self.name}-{token}-{part}") or "")

        way = "one" if self.is_quiz else one("way")
        row: Row = {"id": token, "ask": clean_line(one("ask"))[:ASK_LENGTH], "way": way if way in WAYS else "text"}
        lines = formdata.getlist(f"{self.name}-{token}-choice") if self.is_quiz else one("choices").splitlines()
        choices = [clean_line(line)[:CHOICE_LENGTH] for line in lines]
        row["choices"] = [choice for choice in choices if choice][:MAX_CHOICES]
        if self.is_quiz:
            marked = one("right")
            place = int(marked) if marked in {str(n) for n in range(len(choices))} else -1
            right = sum(1 for choice in choices[:place] if choice) if place >= 0 and choices[place] else None
            return row | {"is_required": True, "right": right, "explanation": clean(one("explanation"))[:EXPLANATION_LENGTH].replace("\r\n", "\n")}
        row["is_required"] = bool(one("required"))
        if row["way"] == "scale":
            row |= {"low": _number(one("low"), 1), "high": _number(one("high"), 5)}
            row |= {"low_label": clean_line(one("low-label"))[:END_LENGTH], "high_label": clean_line(one("high-label"))[:END_LENGTH]}
        if row["way"] not in ("one", "many"):
            row["choices"] = []
        return row

    def _change(self) -> None:
        verb, _, token = self.act.partition("-")
        place = next((i for i, row in enumerate(self.rows) if row["id"] == token), None)
        if verb == "add" and self.can_grow:
            self.rows.append(new_row(is_quiz=self.is_quiz))
        elif verb == "remove" and place is not None:
            del self.rows[place]
        elif verb in ("up", "down") and place is not None:
            there = min(max(place + (1 if verb == "down" else -1), 0), len(self.rows) - 1)
            self.rows[place], self.rows[there] = self.rows[there], self.rows[place]


def _number(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,2}", text) and int(text) <= HIGHEST else (HIGHEST + 1 if text else default)
