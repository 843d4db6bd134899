"""Which runs start now."""
