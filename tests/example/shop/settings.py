"""One set of settings for the whole shop."""


class Settings:
    _instance = None

    def __new__(cls, *args, **kwargs):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __init__(self, currency="EUR"):
        self.currency = currency
        self.overrides = {}
