"""Every address that was ever used to reach into somebody's own network, refused by name; and plain public ones, which are not."""

from ipaddress import ip_address

import pytest

from portal.fetching.addresses import WHY_SAID, NotFetched, Why, is_public, target_of
from portal.fetching.fetcher import Fetcher

REFUSED = [
    # other schemes, and no scheme
    ("ftp://reviews.example/1", Why.SCHEME),
    ("file:///etc/passwd", Why.SCHEME),
    ("gopher://reviews.example:70/_x", Why.SCHEME),
    ("dict://127.0.0.1:11211/stat", Why.SCHEME),
    ("ldap://127.0.0.1/", Why.SCHEME),
    ("javascript:alert(1)", Why.FORM),
    ("data:text/html,x", Why.FORM),
    ("//127.0.0.1/", Why.FORM),
    ("reviews.example/1", Why.FORM),
    ("", Why.FORM),
    ("https://", Why.HOST),
    ("https:///reviews.example", Why.HOST),
    # ports
    ("http://reviews.example:22/", Why.PORT),
    ("http://reviews.example:6379/", Why.PORT),
    ("https://reviews.example:8443/", Why.PORT),
    ("http://reviews.example:0/", Why.PORT),
    ("http://reviews.example:65536/", Why.FORM),
    ("http://reviews.example:80a/", Why.FORM),
    # user names
    ("https://g2.com@127.0.0.1/", Why.USER),
    ("https://user:secret@reviews.example/", Why.USER),
    ("https://@reviews.example/", Why.USER),
    ("https://g2.com%40evil@10.0.0.1/", Why.USER),
    # characters that parsers read differently
    ("https://reviews.example\\@127.0.0.1/", Why.FORM),
    ("https://reviews.example/\r\nHost: localhost", Why.FORM),
    ("https://reviews.example/a b", Why.FORM),
    ("https://reviews.example/\x00", Why.FORM),
    ("https://reviews\t.example/", Why.FORM),
    ("https://[::1", Why.FORM),
    ("https://reviews.example/" + "x" * 2_000, Why.FORM),
    # names of one's own machine and network
    ("http://localhost/", Why.HOST),
    ("http://LOCALHOST./", Why.HOST),
    ("http://portal.localhost/", Why.HOST),
    ("http://intranet/", Why.HOST),
    ("http://printer.local/", Why.HOST),
    ("http://metadata.google.internal/computeMetadata/v1/", Why.HOST),
    ("http://router.home.arpa/", Why.HOST),
    ("http://1.0.0.127.in-addr.arpa/", Why.HOST),
    ("http://xn--a/", Why.HOST),
    ("http://a..example/", Why.HOST),
    ("http://-a.example/", Why.HOST),
    ("http://%6c%6f%63alhost/", Why.HOST),
    # one address in many forms
    ("http://127.0.0.1/", Why.PRIVATE),
    ("http://127.0.0.1./", Why.PRIVATE),
    ("http://127.1/", Why.HOST),
    ("http://127.0.1/", Why.HOST),
    ("http://2130706433/", Why.HOST),
    ("http://0x7f000001/", Why.HOST),
    ("http://0x7f.0.0.1/", Why.HOST),
    ("http://017700000001/", Why.HOST),
    ("http://0177.0.0.1/", Why.HOST),
    ("http://127.0.0.0x1/", Why.HOST),
    ("http://0/", Why.HOST),
    ("http://127.0.0.256/", Why.HOST),
    ("http://１２７.０.０.１/", Why.PRIVATE),
    ("http://①②⑦.⓪.⓪.①/", Why.PRIVATE),
    ("http://127。0。0。1/", Why.PRIVATE),
    ("http://ⓛocalhost/", Why.HOST),
    # networks
    ("http://0.0.0.0/", Why.PRIVATE),
    ("http://10.20.30.40/", Why.PRIVATE),
    ("http://100.64.0.1/", Why.PRIVATE),
    ("http://169.254.169.254/latest/meta-data/", Why.PRIVATE),
    ("http://172.16.0.1/", Why.PRIVATE),
    ("http://172.31.255.255/", Why.PRIVATE),
    ("http://192.0.0.8/", Why.PRIVATE),
    ("http://192.0.2.1/", Why.PRIVATE),
    ("http://192.88.99.1/", Why.PRIVATE),
    ("http://192.168.1.1/", Why.PRIVATE),
    ("http://198.18.0.1/", Why.PRIVATE),
    ("http://198.51.100.7/", Why.PRIVATE),
    ("http://203.0.113.9/", Why.PRIVATE),
    ("http://224.0.0.1/", Why.PRIVATE),
    ("http://240.0.0.1/", Why.PRIVATE),
    ("http://255.255.255.255/", Why.PRIVATE),
    # IPv6
    ("http://[::1]/", Why.PRIVATE),
    ("http://[::]/", Why.PRIVATE),
    ("http://[0:0:0:0:0:ffff:7f00:1]/", Why.PRIVATE),
    ("http://[::ffff:127.0.0.1]/", Why.PRIVATE),
    ("http://[::ffff:169.254.169.254]/", Why.PRIVATE),
    ("http://[::ffff:8.8.8.8]/", Why.PRIVATE),
    ("http://[::127.0.0.1]/", Why.PRIVATE),
    ("http://[64:ff9b::7f00:1]/", Why.PRIVATE),
    ("http://[64:ff9b:1::a00:1]/", Why.PRIVATE),
    ("http://[2002:7f00:1::]/", Why.PRIVATE),
    ("http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", Why.PRIVATE),
    ("http://[2001:db8::1]/", Why.PRIVATE),
    ("http://[fe80::1]/", Why.PRIVATE),
    ("http://[fe80::1%25eth0]/", Why.PRIVATE),
    ("http://[fec0::1]/", Why.PRIVATE),
    ("http://[fc00::1]/", Why.PRIVATE),
    ("http://[fd00:ec2::254]/", Why.PRIVATE),
    ("http://[ff02::1]/", Why.PRIVATE),
    ("http://[100::1]/", Why.PRIVATE),
    ("http://[127.0.0.1]/", Why.FORM),
]
ADMITTED = [
    ("https://www.g2.com/products/x/reviews/1?a=b#top", "https://www.g2.com/products/x/reviews/1?a=b"),
    ("HTTP://Reviews.Example", "http://reviews.example/"),
    ("https://reviews.example.:443/", "https://reviews.example/"),
    ("https://bücher.example/größe", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe"),
    ("http://8.8.8.8/", "http://8.8.8.8/"),
    ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
    ("https://1.1.1.1.example/", "https://1.1.1.1.example/"),
]


def _never(host: str, port: int) -> list[object]:
    raise AssertionError("nothing is looked up for an address that is a number, or refused by its form")


@pytest.mark.parametrize(("url", "why"), REFUSED)
def test_an_address_that_is_no_plain_public_page_is_refused_by_name(url: str, why: Why) -> None:
    with pytest.raises(NotFetched) as told:
        Fetcher("test", resolve=_never).fetch(url)  # type: ignore[arg-type]
    assert told.value.why is why
    assert len(REFUSED) >= 60


@pytest.mark.parametrize(("url", "plain"), ADMITTED)
def test_a_public_page_is_asked_for_in_its_plain_form(url: str, plain: str) -> None:
    target = target_of(url)
    assert target.url == plain
    assert target.address is None or is_public(target.address)


@pytest.mark.parametrize("address", ["8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_neighbours_of_barred_networks_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_every_reason_has_its_sentence() -> None:
    assert set(WHY_SAID) == set(Why)
