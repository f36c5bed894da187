"""Mapping columns to fields, constants, meanings of values; reading cells and rows."""

from datetime import UTC, datetime

import pytest

from portal.imports.rules import cells
from portal.imports.rules.plans import Plan, complete, guess, parse_pairs, parse_values, plan_from, translate
from portal.imports.rules.reading import questions_of, read_records, unanswered, values_of
from portal.imports.rules.records import BadCell, Field, Outcome
from portal.imports.rules.refusals import ColumnTwice, FieldMissing, FieldTwice, PlanUnreadable, UnknownColumn, UnknownField
from portal.imports.rules.tables import read_table

FIELDS = (
    Field("external_id", "", is_required=True),
    Field("name", "", cells.text(10), is_required=True, aliases=("Full name",)),
    Field("points", "", cells.whole(0, 100)),
    Field("at", "", cells.moment),
    Field("verdict", "", cells.choice("accepted", "refused"), choices=("accepted", "refused")),
)


def test_a_column_named_like_a_field_maps_itself_and_an_option_wins() -> None:
    plan = complete(Plan(columns={"name": "title"}), FIELDS, ["external_id", "name", "title", "points"])
    assert plan.columns == {"external_id": "external_id", "name": "title", "points": "points"}


def test_a_constant_wins_over_a_column_of_the_same_name() -> None:
    plan = complete(Plan(constants={"points": "5"}), FIELDS, ["external_id", "name", "points"])
    assert "points" not in plan.columns


def test_a_field_can_be_left_empty_though_a_column_has_its_name() -> None:
    assert "points" not in complete(Plan(columns={"points": ""}), FIELDS, ["external_id", "name", "points"]).columns


@pytest.mark.parametrize(
    ("plan", "header", "refusal"),
    [
        (Plan(columns={"nmae": "a"}), ["external_id", "name"], UnknownField),
        (Plan(constants={"nmae": "a"}), ["external_id", "name"], UnknownField),
        (Plan(values={"nmae": {"a": "b"}}), ["external_id", "name"], UnknownField),
        (Plan(columns={"points": "score"}), ["external_id", "name"], UnknownColumn),
        (Plan(columns={"points": "a"}, constants={"points": "1"}), ["external_id", "name", "a"], FieldTwice),
        (Plan(), ["external_id", "name", "name"], ColumnTwice),
        (Plan(), ["external_id"], FieldMissing),
        (Plan(columns={"name": ""}), ["external_id", "name"], FieldMissing),
    ],
)
def test_a_plan_that_cannot_work_is_refused(plan: Plan, header: list[str], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        complete(plan, FIELDS, header)


def test_options_are_read() -> None:
    assert parse_pairs(["a=b", "c = d=e"], "") == {"a": "b", "c": "d=e"}
    assert parse_values(["v:AC=accepted", "v:*=refused", "v:x=y=z", "w:a:b="]) == {
        "v": {"AC": "accepted", "*": "refused", "x=y": "z"},
        "w": {"a:b": ""},
    }


@pytest.mark.parametrize("text", ["a", "=b", "a="])
def test_a_pair_without_both_sides_is_refused(text: str) -> None:
    with pytest.raises(PlanUnreadable):
        parse_pairs([text], "field=column")


@pytest.mark.parametrize("text", ["a", "a=b", ":x=y", "a:=b"])
def test_a_value_rule_without_its_three_parts_is_refused(text: str) -> None:
    with pytest.raises(PlanUnreadable):
        parse_values([text])


@pytest.mark.parametrize(("value", "means"), [("AC", "accepted"), ("WA", "refused"), ("", ""), ("ac", "refused")])
def test_a_star_is_every_other_value_but_not_the_empty_one(value: str, means: str) -> None:
    assert translate(value, {"AC": "accepted", "*": "refused"}) == means


def test_without_a_star_other_values_stay_themselves() -> None:
    assert translate("WA", {"AC": "accepted"}) == translate("WA", None) == "WA"


def test_columns_are_guessed_by_name_then_by_alias_each_once() -> None:
    assert guess(FIELDS, ["External ID", "FULL_NAME", "Points", "Name"]) == {"external_id": "External ID", "name": "Name", "points": "Points"}
    assert guess(FIELDS, ["full name"]) == {"name": "full name"}


def test_a_plan_survives_being_stored() -> None:
    plan = Plan({"a": "b"}, {"c": "d"}, {"e": {"f": "g"}}, True, True)
    assert plan_from(plan.plain()) == plan


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2023-02-19T09:18:59.044+01:00", datetime(2023, 2, 19, 8, 18, 59, 44000, tzinfo=UTC)),
        ("2023-02-19T08:18:59Z", datetime(2023, 2, 19, 8, 18, 59, tzinfo=UTC)),
        ("2023-02-19 09:18", datetime(2023, 2, 19, 8, 18, tzinfo=UTC)),
        ("2023-07-19", datetime(2023, 7, 18, 22, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_in_the_zone_of_the_programme(value: str, read: datetime) -> None:
    table = read_table(f"external_id,name,at\n1,Ada,{value}\n".encode())
    found = read_records(table, complete(Plan(), FIELDS, table.header), FIELDS, "Europe/Berlin")
    assert found.records[0]["at"] == read


@pytest.mark.parametrize("value", ["19.02.2023", "02/03/2023", "2023-13-01", "2023-02-30", "yesterday", "20230219", "0001-01-01"])
def test_a_moment_that_could_mean_two_days_or_none_is_a_bad_cell(value: str) -> None:
    with pytest.raises(BadCell):
        cells.moment(value)


@pytest.mark.parametrize(("value", "read"), [("0", 0), ("100", 100), ("7.0", 7), ("+5", 5)])
def test_whole_numbers(value: str, read: int) -> None:
    assert cells.whole(0, 100)(value) == read


@pytest.mark.parametrize("value", ["-1", "101", "1.5", "1,000", "ten", "1e2", "٣", "9" * 30])
def test_other_numbers_are_bad_cells(value: str) -> None:
    with pytest.raises(BadCell):
        cells.whole(0, 100)(value)


@pytest.mark.parametrize("value", ["ada", "ada@", "@x.example", "a b@x.example", "ada@x", "ada@x.example,b@x.example", "a" * 250 + "@x.example"])
def test_other_addresses_are_bad_cells(value: str) -> None:
    with pytest.raises(BadCell):
        cells.email(value)


def test_every_fault_of_a_row_is_told_with_its_field_and_line() -> None:
    table = read_table(b"external_id,name,points,verdict\n1,Ada,5,accepted\n,A name too long,x,maybe\n3,Bo,,\n")
    found = read_records(table, complete(Plan(), FIELDS, table.header), FIELDS, "Europe/Berlin")
    assert [record.line for record in found.records] == [2, 4]
    assert [(fault.field, fault.text) for fault in found.reported[0].faults] == [
        ("external_id", "is empty"),
        ("name", "has 15 characters, the most is 10"),
        ("points", "“x” is not a whole number"),
        ("verdict", "“maybe” is none of: accepted, refused"),
    ]


def test_a_repeated_external_id_is_reported_with_the_line_that_is_kept_and_a_bad_row_does_not_count() -> None:
    table = read_table(b"external_id,name\n1,A name too long\n1,Ada\n1,Bo\n")
    found = read_records(table, complete(Plan(), FIELDS, table.header), FIELDS, "Europe/Berlin")
    assert [(row.line, row.outcome, row.faults[0].text) for row in found.reported] == [
        (2, Outcome.BAD, "has 15 characters, the most is 10"),
        (4, Outcome.REPEATED, "same external id as line 3, first kept"),
    ]


def test_values_that_need_a_meaning_are_asked_for_and_many_of_them_together() -> None:
    few = read_table(b"external_id,v\n1,AC\n2,WA\n3,accepted\n4,\n5,AC\n")
    many = read_table(("external_id,v\n" + "".join(f"{n},value {n}\n" for n in range(50))).encode())
    assert questions_of(few, FIELDS, {"verdict": "v"}) == {"verdict": ["AC", "WA"]}
    assert questions_of(many, FIELDS, {"verdict": "v"})["verdict"][-2:] == ["value 29", "*"]
    assert questions_of(few, FIELDS, {"verdict": ""}) == {}
    assert questions_of(few, FIELDS, {"verdict": "v"}, {"v": ["AC", "TLE"], "other": ["x"]}) == {"verdict": ["AC", "TLE"]}


@pytest.mark.parametrize(
    ("values", "is_open"),
    [
        ({}, True),
        ({"AC": "accepted"}, True),
        ({"AC": "accepted", "WA": ""}, False),
        ({"AC": "accepted", "*": "refused"}, False),
        ({"*": ""}, False),
    ],
)
def test_a_plan_is_open_until_every_value_has_a_meaning(values: dict[str, str], is_open: bool) -> None:
    table = read_table(b"external_id,v\n1,AC\n2, WA \n3,accepted\n4,\n5,WA\n")
    questions = questions_of(table, FIELDS, {"verdict": "v"})
    assert unanswered(Plan(values={"verdict": values}), questions) is is_open


def test_values_are_gathered_once_for_a_column_that_stands_once() -> None:
    table = read_table(b"v,w,w\nAC,1,2\n AC ,1,2\nWA,1,2\n")
    assert values_of(table, FIELDS, {"verdict": "v"}) == {"v": ["AC", "WA"]}
    assert values_of(table, FIELDS, {"verdict": "w"}) == values_of(table, FIELDS, {"name": "v"}) == {}


def test_how_many_rows_are_read_is_told_along_the_way() -> None:
    table, told = read_table(b"external_id,name\n" + b"".join(b"%d,Ada\n" % n for n in range(1_200))), list[tuple[int, int]]()
    read_records(table, complete(Plan(), FIELDS, table.header), FIELDS, "Europe/Berlin", on_progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 1_200), (500, 1_200), (1_000, 1_200)]
