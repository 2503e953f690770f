"""What `toolverify doctor` does: checks of a set-up, each a function from a Setup to what it found."""

from toolverify.doctor.codes import CODES
from toolverify.doctor.looking import Group, Look, Looked, examine, grouped
from toolverify.doctor.surroundings import look_at_plugins, look_at_profile

__all__ = ["CODES", "Group", "Look", "Looked", "examine", "grouped", "look_at_plugins", "look_at_profile"]
