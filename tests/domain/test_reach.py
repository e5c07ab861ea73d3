from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.domain.reach import reachable_on_mobile_data

PRIVATE_NETWORKS = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
]


@pytest.mark.parametrize(
    "address",
    [
        "https://love.example.cn",
        "https://love.example.cn:8443/path",
        "https://LOVE.Example.CN.",
        "https://爱心.example.cn",
        "https://8.8.8.8",
        "https://[2400:3200::1]:443",
    ],
)
def test_a_public_name_or_address_behind_tls_is_reachable(address: str) -> None:
    assert reachable_on_mobile_data(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "love.example.cn",
        "http://love.example.cn",
        "ftp://love.example.cn",
        "https://",
        "https:///path",
        "https://localhost",
        "https://box",
        "https://box.local",
        "https://BOX.LOCAL.",
        "https://box.lan:8000",
        "https://box.home.arpa",
        "https://box.internal",
        "https://127.0.0.1",
        "https://127.1",
        "https://0x7f.1",
        "https://192.168.1.20",
        "https://10.1.2.3",
        "https://172.31.0.1",
        "https://169.254.1.1",
        "https://100.64.0.1",
        "https://0.0.0.0",
        "https://224.0.0.1",
        "https://255.255.255.255",
        "https://[::1]",
        "https://[fe80::1]",
        "https://[fd00::1]",
        "https://[::ffff:192.168.1.20]",
        "https://[::ffff",
        "https://love.example.cn:99999",
        "https://a..b",
        "http://192.168.1.20:8000",
        "https://user@192.168.1.20",
    ],
)
def test_anything_else_is_not(address: str) -> None:
    assert not reachable_on_mobile_data(address)


@given(st.sampled_from(PRIVATE_NETWORKS).flatmap(lambda net: st.ip_addresses(network=net)))
def test_no_private_address_is_reachable(address: IPv4Address | IPv6Address) -> None:
    assert not reachable_on_mobile_data(f"https://{address}")
    assert not reachable_on_mobile_data(f"https://[::ffff:{address}]")


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert reachable_on_mobile_data(text) in {True, False}
    assert not reachable_on_mobile_data(f"http://{text}")


@given(st.ip_addresses())
def test_plain_http_is_never_reachable(address: IPv4Address | IPv6Address) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    assert not reachable_on_mobile_data(f"http://{host}")
