/* What a job is doing, kept true while its page is open. */
"use strict";

(function () {
    const SECONDS = 3;

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

    window.chroniker.poll({
        url: page.dataset.stateUrl + window.location.search,
        seconds: SECONDS,
        note: document.getElementById("chroniker-live-note"),
        apply({parts}) {
            for (const [name, html] of Object.entries(parts)) {
                const element = document.querySelector(`[data-part="${name}"]`);
                if (element !== null) {
                    renew(element, html);
                }
            }
        },
    });
})();
