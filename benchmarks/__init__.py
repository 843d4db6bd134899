"""What django-chroniker costs, beside bare processes that do the same without it."""
