"""Names of the published Diffie-Hellman primes, computed from their definitions rather than copied.

RFC 7919 builds its primes on c = e, RFC 2409 and RFC 3526 on c = pi:
p = 2^b - 2^(b-64) - 1 + 2^64 * (floor(2^(b-130) * c) + x).
"""

from functools import cache

_FFDHE = {2048: 560_316, 3072: 2_625_351, 4096: 5_736_041, 6144: 15_705_020, 8192: 10_965_728}
_MODP = {
    768: 149_686,
    1024: 129_093,
    1536: 741_804,
    2048: 124_476,
    3072: 1_690_314,
    4096: 240_904,
    6144: 929_484,
    8192: 4_743_158,
}


@cache
def _e(bits: int) -> int:
    """floor(2^bits * e)."""
    guard = bits + 32
    total = term = 1 << guard
    count = 1
    while term:
        term //= count
        total += term
        count += 1
    return total >> 32


@cache
def _pi(bits: int) -> int:
    """floor(2^bits * pi), by Machin's formula."""
    one = 1 << (bits + 32)

    def inverse_tangent(x: int) -> int:
        total = term = one // x
        square, count, sign = x * x, 3, -1
        while term:
            term //= square
            total += sign * (term // count)
            count, sign = count + 2, -sign
        return total

    return (4 * (4 * inverse_tangent(5) - inverse_tangent(239))) >> 32


def _prime(bits: int, constant: int, addend: int) -> int:
    return (1 << bits) - (1 << (bits - 64)) - 1 + ((constant + addend) << 64)


@cache
def _published(bits: int) -> dict[int, str]:
    found: dict[int, str] = {}
    if bits in _MODP:
        found[_prime(bits, _pi(bits - 130), _MODP[bits])] = f"modp{bits}"
    if bits in _FFDHE:
        found[_prime(bits, _e(bits - 130), _FFDHE[bits])] = f"ffdhe{bits}"
    return found


def published_name(prime: int) -> str | None:
    """``ffdhe2048`` (RFC 7919), ``modp1024`` (RFC 2409, 3526), or ``None`` for a prime of the server's own."""
    return _published(prime.bit_length()).get(prime)
