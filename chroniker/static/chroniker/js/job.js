/* What a job is doing, kept true while its page is open. */
"use strict";

(function () {
    const SECONDS = 2;
    const MOST_LIGHT = 7; // then all is asked for, though the state is the same

    const page = document.getElementById("chroniker-job-page");
    if (page === null || !page.dataset.stateUrl) {
        return; // a new job
    }

    /* Leaves unfolded what somebody has unfolded, unless the server has news to show. */
    function renew(element, html) {
        const before = Array.from(element.querySelectorAll("details"));
        window.chroniker.replaceHtml(element, html);
        const after = Array.from(element.querySelectorAll("details"));
        if (after.length === before.length) {
            after.forEach((details, index) => {
                if (details.className === before[index].className) {
                    details.open = before[index].open;
                }
            });
        }
    }

    let known = null;
    let light = 0;

    function url() {
        const query = new URLSearchParams(window.location.search);
        light = light < MOST_LIGHT ? light + 1 : 0;
        if (light > 0) {
            query.set("light", "");
        }
        return `${page.dataset.stateUrl}?${query}`;
    }

    const polling = window.chroniker.poll({
        url: url,
        seconds: SECONDS,
        note: document.getElementById("chroniker-live-note"),
        apply({parts, mark}) {
            for (const [name, html] of Object.entries(parts)) {
                const element = document.querySelector(`[data-part="${name}"]`);
                if (element !== null) {
                    renew(element, html);
                }
            }
            // What keeps it from running, and how it ran, most likely has changed as well.
            if (known !== null && known !== mark) {
                light = MOST_LIGHT;
            }
            known = mark;
        },
    });
    polling.now();
})();
