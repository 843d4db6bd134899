/* Keeps the rows of a list of jobs true, as the server renders them. */
"use strict";

document.addEventListener("DOMContentLoaded", function () {
    const note = document.getElementById("chroniker-live-note");
    const rows = new Map();
    for (const mark of document.querySelectorAll("#result_list [data-chroniker-job]")) {
        rows.set(mark.dataset.chronikerJob, mark.closest("tr"));
    }
    if (note === null || !note.dataset.url || rows.size === 0) {
        return;
    }

    function apply(news) {
        for (const [id, cells] of Object.entries(news.rows)) {
            for (const [column, html] of Object.entries(cells)) {
                const cell = rows.get(id).querySelector(`.field-${column}`);
                if (cell !== null) {
                    window.chroniker.replaceHtml(cell, html);
                }
            }
        }
    }

    window.chroniker.poll({
        url: `${note.dataset.url}?ids=${[...rows.keys()].join(",")}`,
        seconds: Number(note.dataset.seconds),
        apply: apply,
        note: note,
    });
});
