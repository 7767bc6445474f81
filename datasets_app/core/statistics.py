"""Saying how sure a share is."""

from __future__ import annotations

from math import sqrt


def wilson(k: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson score interval of the share k of n, as two numbers from 0 to 1; 95 % with the usual `z`.

    Unlike the textbook interval it stays inside 0 to 1 and is honest for small n. Nothing seen (n = 0) says
    nothing: (0, 1). Raises ValueError unless 0 <= k <= n. (E. B. Wilson, JASA 22, 1927.)
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    share = k / n
    middle = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # The ends are exact by definition; rounding must not say 0.9999999 where every one was seen.
    return (0.0 if k == 0 else (middle - reach) / whole), (1.0 if k == n else (middle + reach) / whole)


def wilson_of(k: int, n: int, population: int, *, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson interval where `n` were drawn without putting back out of `population`.

    The spread shrinks by the finite population correction √((N - n) / (N - 1)): when all were looked at, the share is
    known. (W. G. Cochran, Sampling Techniques, 1977, §2.6.) Raises ValueError unless 0 <= k <= n <= population.
    """
    if not n <= population:
        raise ValueError(f"{n} were not drawn out of {population}")
    if n and n == population:
        wilson(k, n)
        return k / n, k / n
    return wilson(k, n, z=z * sqrt((population - n) / (population - 1)) if population > 1 else z)
