"""A plan, run by TRL's own trainers."""
