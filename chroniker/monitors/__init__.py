"""What a monitor asks, without a line of code from the admin: a model and lookups, or a function.

A project registers functions in a module ``monitors`` of any of its apps::

    from chroniker.monitors import monitor

    @monitor("orders that nobody ships", permission="shop.view_order")
    def forgotten():
        return Order.objects.filter(shipped=None)
"""

from chroniker.monitors.registry import monitor

__all__ = ["monitor"]
