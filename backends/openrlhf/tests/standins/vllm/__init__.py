"""What OpenRLHF imports from vLLM at its top; nothing here generates."""


class SamplingParams:
    """Keeps what it is given."""

    def __init__(self, **values):
        self.__dict__.update(values)
