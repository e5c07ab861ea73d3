"""Whether a phone in the lane, on mobile data, can reach the address in our codes."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

# Endings that no public name server answers for (RFC 2606, 6761, 6762, 8375, and what home
# routers hand out).
_HOME_ENDINGS = frozenset(
    {"arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain"}
    | {"localhost", "private", "test"}
)


def reachable_on_mobile_data(public_url: str) -> bool:
    """True when `public_url` is an https address with a public name or a public IP address.

    Plain http counts as unreachable even with a public name: WeChat warns before opening it, and
    such an address has always been one in an office. What a name resolves to is not asked.
    """
    try:
        parts = urlsplit(public_url)
        host = (parts.hostname or "").rstrip(".")
        parts.port  # noqa: B018  (reading it checks it)
    except ValueError:
        return False
    if parts.scheme != "https" or not host:
        return False
    address = _address(host)
    if address is not None:
        return address.is_global and not address.is_multicast
    labels = host.split(".")
    # A name that ends in digits is an address in one of its old spellings: 127.1, 0x7f.1.
    return (
        len(labels) > 1
        and all(labels)
        and labels[-1] not in _HOME_ENDINGS
        and not labels[-1][0].isdigit()
    )


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
