"""The pages about all jobs, in the order in which they are offered."""

from chroniker.admin.pages import calendar, graph, overview, timeline
from chroniker.admin.pages.base import Page

PAGES: tuple[Page, ...] = (overview.PAGE, timeline.PAGE, calendar.PAGE, graph.PAGE)
