"""Ways to pay register themselves."""

from abc import ABC, abstractmethod


class Registry(type):
    known = {}

    def __new__(mcs, name, bases, namespace):
        cls = super().__new__(mcs, name, bases, namespace)
        mcs.known[name] = cls
        return cls


class Plugin(metaclass=Registry):
    """Everything that can be plugged in."""


class Payment(ABC):
    @abstractmethod
    def pay(self, amount): ...


def card_payment():
    """Made when the first card is seen: that is when Python would raise."""

    class CardPayment(Plugin, Payment):
        def pay(self, amount):
            return amount

    return CardPayment()
