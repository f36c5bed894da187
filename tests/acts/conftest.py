"""What tests of pages about asks share: a house, and who of it is signed in."""

import pytest

from portal.kernel.db import Database
from tests.acts.house import House
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def house(database: Database) -> House:
    return database.write(House)


@pytest.fixture
def amara(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.amara)


@pytest.fixture
def greta(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.greta)


@pytest.fixture
def ada(house: House, sign_in: SignIn) -> PortalClient:
    return sign_in(house.ada)
