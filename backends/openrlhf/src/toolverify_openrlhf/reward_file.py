"""The reward file: OpenRLHF is pointed at it, and the environment says which reward it is (docs/openrlhf.md).

OpenRLHF runs this file by its path, outside of any package, so it holds nothing but imports of what is installed.
"""

import os

from toolverify_openrlhf.options import options_from
from toolverify_openrlhf.reward import reward_func_of

reward_func = reward_func_of(options_from(os.environ))
