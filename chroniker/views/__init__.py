"""Views outside the admin; ``chroniker.urls`` names those for machines."""

from chroniker.views.run import job_run

__all__ = ["job_run"]
