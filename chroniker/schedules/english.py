"""Words for schedules."""

from collections.abc import Iterable, Sequence

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_RUN = 3  # so many in a row read better as "from to"
_TEENS = range(11, 14)


def join(words: Iterable[str], conjunction: str = "and") -> str:
    """Words as a list: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} {conjunction} {last}" if most else last


def numbers(values: Sequence[int]) -> str:
    """Ascending numbers, with runs drawn together: "1, 5 and 9 to 17"."""
    return join(_runs(values, [str(value) for value in values]))


def weekdays(values: Iterable[int], conjunction: str = "and") -> str:
    """Days of the week (Monday is 0): "Monday to Friday"."""
    ordered = sorted(values)
    return join(_runs(ordered, [WEEKDAYS[value] for value in ordered]), conjunction)


def months(values: Iterable[int]) -> str:
    """Months (January is 1): "January and March"."""
    ordered = sorted(values)
    return join(_runs(ordered, [MONTHS[value - 1] for value in ordered]))


def ordinal(number: int) -> str:
    """A place in order: "1st", "22nd"; negative numbers count from the end: "2nd to last"."""
    if number < 0:
        return "last" if number == -1 else f"{ordinal(-number)} to last"
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number % 100 in _TEENS else endings.get(number % 10, "th")
    return f"{number}{ending}"


def clock(hour: int, minute: int, second: int = 0) -> str:
    """A time of day: "09:00"; seconds only if there are any."""
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")


def _runs(values: Sequence[int], names: Sequence[str]) -> list[str]:
    words: list[str] = []
    start = 0
    for i in range(1, len(values) + 1):
        if i < len(values) and values[i] == values[i - 1] + 1:
            continue
        if i - start >= _RUN:
            words.append(f"{names[start]} to {names[i - 1]}")
        else:
            words.extend(names[start:i])
        start = i
    return words
