"""When does a job run next? Pure: no Django, no clock, no database.

Importing this package loads neither croniter nor dateutil; the schedule that needs one does.
"""

from chroniker.exceptions import InvalidSchedule
from chroniker.schedules.base import Schedule
from chroniker.schedules.factory import make_schedule

__all__ = ["InvalidSchedule", "Schedule", "make_schedule"]
