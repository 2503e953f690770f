"""What openrlhf.models.ring_attn_utils imports; used with ring attention alone."""


def all_gather(*arguments, **options):
    """Not there."""
    raise RuntimeError("flash_attn is not there")
