"""Floating-point numbers as Go prints them."""

from __future__ import annotations


def float_text(value: float, form: str = "g", precision: int = -1) -> str:
    """A float64 as strconv.FormatFloat prints it: shortest form where the precision is -1, which is what %v does."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    if form in "bxX":
        return _binary(value, form, precision)
    if form in "gG":
        return _general(value, form, precision)
    if precision >= 0:
        return f"{value:.{precision}{form}}"
    digits, power = _shortest(value)
    return ("-" if value < 0 else "") + _positional(digits, power)


def _general(value: float, form: str, precision: int) -> str:
    """%e for exponents below -4 and from the precision on, else %f; without zeros at the end."""
    shortest = precision < 0
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    if shortest:
        digits, power = _shortest(value)
    else:
        mantissa, _, exponent = f"{value:.{max(precision, 1) - 1}e}".partition("e")
        digits, power = mantissa.replace(".", "").lstrip("-").rstrip("0") or "0", int(exponent)
    most = 6 if shortest else max(precision, 1)
    if not shortest and most > len(digits) >= power + 1:
        most = len(digits)
    if power < -4 or power >= most:
        body = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
        body += f"{'e' if form == 'g' else 'E'}{'-' if power < 0 else '+'}{abs(power):02d}"
    else:
        body = _positional(digits, power)
    return f"-{body}" if value < 0 else body


def _positional(digits: str, power: int) -> str:
    if power < 0:
        return f"0.{'0' * (-power - 1)}{digits}"
    whole, rest = digits[: power + 1].ljust(power + 1, "0"), digits[power + 1 :]
    return f"{whole}.{rest}" if rest else whole


def _shortest(value: float) -> tuple[str, int]:
    """The fewest digits that make the number, and the power of ten of the first."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, rest = mantissa.partition(".")
    digits = (whole + rest).lstrip("0")
    power = int(exponent or 0) + (len(whole) - 1 if whole != "0" else len(digits) - len(rest) - 1)
    return digits.rstrip("0") or "0", power


def _binary(value: float, form: str, precision: int) -> str:
    """%b (`6755399441055744p-52`) and %x (`0x1.8p+00`)."""
    from math import frexp

    sign, (fraction, exponent) = "-" if value < 0 else "", frexp(abs(value))
    if form == "b":
        return f"{sign}{int(fraction * 2**53)}p{exponent - 53:+d}"
    bits, exponent = (int(fraction * 2**53), exponent - 1) if value else (0, 0)
    if precision >= 0 and precision < 13:
        half = 1 << (51 - 4 * precision)
        bits += half - (0 if bits & (2 * half) else 1)  # half goes to even
        bits &= -2 * half
        if bits >> 53:
            bits, exponent = bits >> 1, exponent + 1
    lead, digits = bits >> 52, f"{bits & ((1 << 52) - 1):013x}"
    digits = digits.rstrip("0") if precision < 0 else digits.ljust(precision, "0")[:precision]
    body = f"{sign}0x{lead}{'.' if digits else ''}{digits}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    return body.upper() if form == "X" else body
