/* What the schedule comes to, while it is typed: its words, its next runs, and what is wrong. */
"use strict";

(function () {
    const PAUSE = 300; // milliseconds without a key
    const NAMES = [
        ...["frequency", "params", "cron_expression", "timezone", "next_run"],
        ...["jitter_seconds", "active_from", "active_until"],
    ];
    // A date and its time are two fields; what they were shown with is posted as well.
    const FIELD = new RegExp(`^(?:initial-)?(?:${NAMES.join("|")})(?:_[01])?$`);
    const RULES = new Set(
        ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
    );

    const page = document.getElementById("chroniker-job-page");
    const preview = document.querySelector("[data-part=schedule]");
    const frequency = document.getElementById("id_frequency");
    if (page === null || preview === null || frequency === null) {
        return; // nothing that this person could change
    }
    const form = frequency.form;
    let asked = written(fields());
    let latest = 0;
    let timer = null;

    function fields() {
        const found = new FormData();
        for (const [name, value] of new FormData(form)) {
            if (FIELD.test(name)) {
                found.append(name, value);
            }
        }
        return found;
    }

    function written(data) {
        return new URLSearchParams(data).toString();
    }

    /* Rows that mean nothing for this frequency are in the way. */
    function showRows() {
        const wanted = {
            params: RULES.has(frequency.value),
            cron_expression: frequency.value === "CRON",
            next_run: !["MANUAL", "CHAINED"].includes(frequency.value),
        };
        for (const [name, isWanted] of Object.entries(wanted)) {
            const row = document.querySelector(`.form-row.field-${name}`);
            if (row !== null) {
                row.hidden = !isWanted;
            }
        }
    }

    async function ask() {
        const data = fields();
        asked = written(data);
        latest += 1;
        const number = latest;
        try {
            const answer = await window.chroniker.postJson(page.dataset.scheduleUrl, data);
            if (number === latest) {
                show(answer);
            }
        } catch (error) {
            preview.classList.add("chroniker-outdated");
        }
    }

    function show({errors, html}) {
        for (const name of NAMES) {
            window.chroniker.showErrors(name, errors[name] || []);
        }
        preview.classList.toggle("chroniker-outdated", html === "");
        if (html !== "") {
            window.chroniker.replaceHtml(preview, html);
        }
    }

    /* The admin's calendar and clock write without an event; a click or a move tells. */
    function look() {
        showRows();
        clearTimeout(timer);
        timer = setTimeout(() => {
            if (written(fields()) !== asked) {
                ask();
            }
        }, PAUSE);
    }

    for (const event of ["input", "change", "click", "focusin"]) {
        form.addEventListener(event, look);
    }
    document.addEventListener("click", look);
    showRows();
    if (document.querySelector(".errornote") !== null) {
        ask();
    }
})();
