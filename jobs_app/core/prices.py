"""What is paid for: the items of a price table, one price with its source, and which of several counts on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from ftstudio.errors import InvalidInput, Listed, Text

# Prices of tokens are for one million of them, `hosting` is for an hour of a deployment.
ITEMS: Mapping[str, Text] = {
    "train": Text("Training, 1M tokens"),
    "train-dpo": Text("Training with preferences, 1M tokens"),
    "input": Text("Input of the tuned model, 1M tokens"),
    "output": Text("Output of the tuned model, 1M tokens"),
    "base-input": Text("Input of the base model, 1M tokens"),
    "base-output": Text("Output of the base model, 1M tokens"),
    "hosting": Text("Deployment, an hour"),
}
CURRENCIES = ("USD", "CNY", "EUR", "GBP", "JPY")
MOST = Decimal(1_000_000)
MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """`amount` in `currency` for the item's unit. `own` says that the project wrote it, not that it came with us."""

    kind: str
    base_model: str
    item: str
    amount: Decimal
    currency: str
    source: str
    valid_from: date
    confirmed: bool = True
    own: bool = False

    @property
    def shown(self) -> str:
        return plain(self.amount)

    def cost(self, tokens: int) -> Decimal:
        """What so many tokens cost, to the hundredth of a cent."""
        return (self.amount * tokens / MILLION).quantize(Decimal("0.0001"))


def cost_of(lines: Sequence[PriceLine | None], tokens: Sequence[int | None]) -> tuple[Decimal | None, str]:
    """What so many tokens of each item come to together, and its currency.

    None where a price or a count is missing, and where the prices are not in one currency: nothing is converted.
    """
    known = [(line, count) for line, count in zip(lines, tokens, strict=True) if line is not None and count is not None]
    currencies = {line.currency for line, _count in known}
    if len(known) != len(lines) or len(currencies) != 1:
        return None, ""
    whole = sum((line.amount * count for line, count in known), Decimal(0))
    return (whole / MILLION).quantize(Decimal("0.000001")), currencies.pop()


def plain(amount: Decimal) -> str:
    """An amount without trailing zeros and never as a power of ten: 30, 0.48."""
    return f"{amount.normalize():f}"


def in_force(lines: Iterable[PriceLine], on: date) -> PriceLine | None:
    """The line that counts on a day: the project's own before ours, then the newest that has begun."""
    begun = [line for line in lines if line.valid_from <= on]
    return max(begun, key=lambda line: (line.own, line.valid_from), default=None)


def item_for(method: str) -> str:
    """The item by which a training method is paid."""
    return "train-dpo" if method == "dpo" else "train"


def read_amount(raw: object) -> Decimal:
    """A price as typed. Raises ValueError with a `Text`: not a number, negative, or beyond any price."""
    try:
        amount = Decimal(str(raw).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or amount >= MOST:
        raise ValueError(Text("Give a price from 0 on, such as 3 or 0.48."))
    return amount.quantize(Decimal("0.000001"))


def read_currency(raw: object) -> str:
    """A currency's code. Raises ValueError with a `Text`."""
    code = str(raw or "").strip().upper()
    if code not in CURRENCIES:
        raise ValueError(Text("Choose one of: {choices}.", choices=Listed(CURRENCIES)))
    return code


def read(*, item: object, amount: object, currency: object) -> tuple[str, Decimal, str]:
    """The three together. Raises InvalidInput with one field for each that cannot be used."""
    wrong: dict[str, Text] = {}
    value, code = Decimal(0), ""
    if item not in ITEMS:
        wrong["item"] = Text("Choose one of: {choices}.", choices=Listed(ITEMS))
    try:
        value = read_amount(amount)
    except ValueError as refusal:
        wrong["amount"] = refusal.args[0]
    try:
        code = read_currency(currency)
    except ValueError as refusal:
        wrong["currency"] = refusal.args[0]
    if wrong:
        refusal_of_all = InvalidInput(Text("The price cannot be used."))
        refusal_of_all.fields.update(wrong)
        raise refusal_of_all
    return str(item), value, code
