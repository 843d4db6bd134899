/* The timeline stays true while it is open, and the marks of a lane are reached by arrow keys. */
"use strict";

(function () {
    const timeline = document.getElementById("chroniker-timeline");
    const said = document.getElementById("chroniker-timeline-said");
    const MARKS = "[aria-label][id]";
    if (timeline === null) {
        return;
    }

    function marksOf(lane) {
        const marks = [...lane.querySelectorAll(MARKS)];
        const place = (mark) => mark.getBoundingClientRect().left;
        return marks.map((mark) => [place(mark), mark]).sort((a, b) => a[0] - b[0]).map((pair) => pair[1]);
    }

    /* One stop of the tabulator key for each lane: the mark that was visited last, or the newest. */
    function makeStops() {
        for (const lane of timeline.querySelectorAll("svg[role=group]")) {
            const marks = [...lane.querySelectorAll(MARKS)];
            const stop = marks.find((mark) => mark === document.activeElement) || marks[marks.length - 1];
            marks.forEach((mark) => mark.setAttribute("tabindex", mark === stop ? "0" : "-1"));
        }
    }

    function focus(element) {
        const lane = element?.closest("svg");
        for (const other of lane ? lane.querySelectorAll(MARKS) : []) {
            other.setAttribute("tabindex", other === element ? "0" : "-1");
        }
        element?.focus({preventScroll: true});
    }

    timeline.addEventListener("keydown", (event) => {
        const mark = event.target.closest("svg[role=group] " + MARKS);
        const steps = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity};
        if (mark === null || !(event.key in steps)) {
            return;
        }
        const marks = marksOf(mark.closest("svg"));
        const wanted = marks.indexOf(mark) + steps[event.key];
        focus(marks[Math.max(0, Math.min(marks.length - 1, wanted))]);
        event.preventDefault();
    });

    function say(event) {
        const mark = event.target.closest("svg[role=group] " + MARKS);
        if (mark !== null) {
            said.textContent = mark.getAttribute("aria-label");
        }
    }

    timeline.addEventListener("focusin", say);
    timeline.addEventListener("mouseover", say);

    /* The new drawing in place of the old one; what had the focus keeps it. */
    function apply(news) {
        const focused = timeline.contains(document.activeElement) ? document.activeElement : null;
        const wasOpen = [...timeline.querySelectorAll("details[open]")].map((one) => one.id);
        const lane = focused && [...timeline.querySelectorAll("svg")].indexOf(focused.closest("svg"));
        const parsed = new DOMParser().parseFromString(news.html, "text/html");
        wasOpen.forEach((id) => parsed.getElementById(id)?.setAttribute("open", ""));
        timeline.replaceChildren(...parsed.body.childNodes);
        makeStops();
        if (focused !== null) {
            const same = focused.id && document.getElementById(focused.id);
            const near = timeline.querySelectorAll("svg")[lane]?.querySelector("[tabindex='0']");
            focus(same || near);
        }
    }

    makeStops();
    window.chroniker.poll({
        url: timeline.dataset.url,
        seconds: Number(timeline.dataset.seconds),
        apply: apply,
        note: document.getElementById("chroniker-live-note"),
    });
})();
