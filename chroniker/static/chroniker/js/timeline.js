/* The marks of a lane are one stop of the tabulator key; arrow keys go from mark to mark. */
"use strict";

(function () {
    const timeline = document.getElementById("chroniker-timeline");
    const said = document.getElementById("chroniker-timeline-said");
    const MARKS = "[id]";
    const STEPS = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity};
    if (timeline === null) {
        return;
    }

    function markOf(event) {
        return event.target.closest("svg[role=group] " + MARKS);
    }

    function stopAt(mark) {
        for (const other of mark.closest("svg").querySelectorAll(MARKS)) {
            other.setAttribute("tabindex", other === mark ? "0" : "-1");
        }
    }

    /* In each lane the mark with the focus, or else the last. */
    function makeStops(focused) {
        for (const lane of timeline.querySelectorAll("svg[role=group]")) {
            const marks = [...lane.querySelectorAll(MARKS)];
            if (marks.length > 0) {
                stopAt(marks.includes(focused) ? focused : marks[marks.length - 1]);
            }
        }
    }

    function fromLeftToRight(lane) {
        const marks = [...lane.querySelectorAll(MARKS)];
        const left = new Map(marks.map((mark) => [mark, mark.getBoundingClientRect().left]));
        return marks.sort((one, other) => left.get(one) - left.get(other));
    }

    timeline.addEventListener("keydown", (event) => {
        const mark = markOf(event);
        if (mark === null || !(event.key in STEPS)) {
            return;
        }
        const marks = fromLeftToRight(mark.closest("svg"));
        const wanted = marks.indexOf(mark) + STEPS[event.key];
        const next = marks[Math.max(0, Math.min(marks.length - 1, wanted))];
        stopAt(next);
        next.focus();
        event.preventDefault();
    });

    function say(event) {
        const mark = markOf(event);
        if (mark !== null) {
            said.textContent = mark.querySelector("title").textContent;
        }
    }

    timeline.addEventListener("focusin", say);
    timeline.addEventListener("mouseover", say);

    /* What was read may be gone from the drawing; then its lane's stop is next to it. */
    timeline.addEventListener("chroniker:drawn", (event) => {
        const {focused, svg} = event.detail;
        makeStops(focused);
        if (focused === null) {
            svg?.querySelector("[tabindex='0']")?.focus({preventScroll: true});
        }
    });

    makeStops(null);
})();
