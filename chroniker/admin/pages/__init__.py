"""The pages about all jobs, in the order in which they are offered."""

from chroniker.admin.pages import calendar, graph, timeline
from chroniker.admin.pages.base import Page

PAGES: tuple[Page, ...] = (timeline.PAGE, calendar.PAGE, graph.PAGE)
