/* Keeps the overview true, as the server renders it. */
"use strict";

document.addEventListener("DOMContentLoaded", function () {
    const note = document.getElementById("chroniker-live-note");
    const body = document.getElementById("chroniker-overview");
    window.chroniker.poll({
        url: note.dataset.url,
        seconds: Number(note.dataset.seconds),
        apply: (news) => window.chroniker.replaceHtml(body, news.html),
        note: note,
    });
});
