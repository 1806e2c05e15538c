"""Checksums of numbers that name a person or an account: a number that fails is another one."""

from __future__ import annotations

DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def is_pesel(number: str) -> bool:
    """Whether eleven digits pass the checksum of the Polish PESEL."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    return len(number) == 11 and (10 - total % 10) % 10 == int(number[10])


def is_iranian_code(number: str) -> bool:
    """Whether ten digits pass the checksum of the Iranian national code."""
    if len(number) != 10 or len(set(number)) == 1:
        return False
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9])) % 11
    return int(number[9]) == (rest if rest < 2 else 11 - rest)


def is_dni(text: str) -> bool:
    """Whether eight digits and a letter (or X, Y, Z, seven and a letter) pass the Spanish check."""
    plain = text.replace("-", "").replace(" ", "").upper()
    digits = plain[:-1].translate(str.maketrans("XYZ", "012"))
    return len(plain) == 9 and digits.isdigit() and plain[-1] == DNI_LETTERS[int(digits) % 23]


def is_iban(text: str) -> bool:
    """Whether an account number passes ISO 13616: 97 divides it with a rest of one."""
    plain = text.replace(" ", "").upper()
    if not 15 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum():
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def is_card(number: str) -> bool:
    """Whether 13 to 19 digits pass the checksum of payment cards (Luhn)."""
    digits = [int(letter) for letter in number if letter.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
