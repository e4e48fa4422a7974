import pytest
from tls_pki import OAKLEY_2

from pgssi_probe.tls.dh_groups import _published, published_name


def probably_prime(number: int) -> bool:
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5))


@pytest.mark.parametrize("bits", [768, 1024, 1536, 2048, 3072])
def test_published_primes_are_safe_primes(bits):
    found = _published(bits)
    assert found
    for prime in found:
        assert prime.bit_length() == bits
        assert probably_prime(prime)
        assert probably_prime((prime - 1) // 2)


def test_the_second_oakley_group_has_its_name():
    assert published_name(OAKLEY_2) == "modp1024"


def test_a_prime_of_its_own_has_none():
    assert published_name((1 << 2047) + 9) is None
    assert published_name(0) is None
