"""What openrlhf.models.ring_attn_utils imports; used with packed samples alone."""


def _missing(*arguments, **options):
    raise RuntimeError("flash_attn is not there")


index_first_axis = pad_input = rearrange = unpad_input = _missing
