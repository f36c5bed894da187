"""``flask people``: the first admin, the list, shutting out."""

from portal.people.queries.persons import find_person_by_email
from tests.factories.people import PASSWORD, make_person


def run(app, *arguments: str):
    return app.test_cli_runner().invoke(args=["people", *arguments])


def test_the_first_admin_joins_with_the_printed_link(app, client, settings) -> None:
    printed = run(app, "add-admin", "hanna.vogt@meridian.example").output.strip()
    assert printed.startswith(f"{settings.base_url}/join?t=")
    path = printed.removeprefix(settings.base_url)
    assert "Welcome, Hanna Vogt" in client.get(path).text
    answer = client.post("/join", data={"t": path.partition("=")[2], "password": PASSWORD, "again": PASSWORD})
    assert answer.location == "/"
    assert [client.get(page).status_code for page in ("/admin/people", "/nominate", "/requests/new")] == [200, 200, 200]
    assert client.get(path).status_code == 410


def test_a_member_becomes_admin_and_gets_a_link_for_a_new_password(app, database) -> None:
    person = database.write(make_person)
    assert "/reset?t=" in run(app, "add-admin", person.email).output
    with database.reading() as session:
        assert find_person_by_email(session, person.email).roles == {"advocate", "admin"}


def test_an_impossible_address_is_refused_in_words(app) -> None:
    result = run(app, "add-admin", "hanna")
    assert result.exit_code == 1
    assert "does not look like an e-mail address" in result.output


def test_people_are_listed_and_shut_out(app, database) -> None:
    person = database.write(lambda s: make_person(s, name="Ada Moreau"))
    assert f"active\tadvocate\t{person.email}\tAda Moreau" in run(app, "list", "--state", "active").output
    assert run(app, "list", "--role", "admin").output == ""
    assert run(app, "deactivate", person.email, "--reason", "left").exit_code == 0
    assert "deactivated" in run(app, "list").output
    assert run(app, "deactivate", "nobody@nowhere.example", "--reason", "left").exit_code == 1
