import pytest

from tests.signed_in import post, sign_in

SOLD = "+8613860274915"


@pytest.fixture
def former(town):
    resident = town.resident()
    return town.login(SOLD, acts_for={resident: "self"})


def client_of(town, *roles):
    town.login("+8613800000002", roles=roles)
    client = town.app.test_client()
    sign_in(client, "13800000002")
    return client


@pytest.mark.usefixtures("former")
def test_counter_staff_free_a_resold_number(town):
    client = client_of(town, "counter_staff")
    assert client.get("/admin/phones/release").status_code == 200
    response = post(client, "/admin/phones/release", {"phone": "138 6027 4915"})
    assert response.status_code == 302
    # It is free now: a second time there is nobody to take it from.
    again = post(client, "/admin/phones/release", {"phone": "138 6027 4915"})
    assert again.status_code == 404


def test_a_colleagues_number_is_not_freed(town):
    town.login(SOLD, acts_for={town.resident(): "self"}, roles=("community_admin",))
    client = client_of(town, "counter_staff")
    response = post(client, "/admin/phones/release", {"phone": "13860274915"})
    assert response.status_code == 403


@pytest.mark.parametrize("roles", [(), ("auditor",), ("sub_district_admin",)])
@pytest.mark.usefixtures("former")
def test_nobody_else_does(town, roles):
    client = client_of(town, *roles)
    assert client.get("/admin/phones/release").status_code == 403
    response = post(client, "/admin/phones/release", {"phone": "13860274915"})
    assert response.status_code == 403


def test_what_is_no_number_is_said_at_its_field(town):
    client = client_of(town, "organizer")
    response = post(client, "/admin/phones/release", {"phone": "12345"})
    assert response.status_code == 422
    assert "电话号码不对" in response.get_data(as_text=True)
