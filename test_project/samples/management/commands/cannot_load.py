"""A command whose module ends whoever imports it."""

import sys

sys.exit("This module is <b>not</b> for importing.")
