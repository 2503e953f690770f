"""`python -m toolverify`."""

import sys

from toolverify.cli import main

sys.exit(main())
