/* A drawing that the server makes anew stays true while it is open. What has the focus keeps it,
   open tables stay open, and what was scrolled stays where it is. */
"use strict";

(function () {
    function scrolled(drawing) {
        const found = [...drawing.querySelectorAll("[id]")].filter((one) => one.scrollLeft || one.scrollTop);
        return found.map((one) => [one.id, one.scrollLeft, one.scrollTop]);
    }

    function redraw(drawing, html) {
        const focused = drawing.contains(document.activeElement) ? document.activeElement : null;
        const open = [...drawing.querySelectorAll("details[open]")].map((one) => one.id);
        const places = scrolled(drawing);
        const parsed = new DOMParser().parseFromString(html, "text/html");
        const before = focused && [...drawing.querySelectorAll("svg")].indexOf(focused.closest("svg"));
        open.forEach((id) => parsed.getElementById(id)?.setAttribute("open", ""));
        drawing.replaceChildren(...parsed.body.childNodes);
        for (const [id, left, top] of places) {
            document.getElementById(id)?.scrollTo({left: left, top: top, behavior: "instant"});
        }
        const same = focused?.id ? document.getElementById(focused.id) : null;
        drawing.dispatchEvent(new CustomEvent("chroniker:drawn", {
            detail: {focused: same, svg: before === null ? null : drawing.querySelectorAll("svg")[before]},
        }));
        if (same !== null && same !== document.activeElement) {
            same.focus({preventScroll: true});
        }
    }

    for (const drawing of document.querySelectorAll(".chroniker-drawing")) {
        let shown = null;
        window.chroniker.poll({
            url: drawing.dataset.url,
            seconds: Number(drawing.dataset.seconds),
            note: document.getElementById("chroniker-live-note"),
            apply(news) {
                if (news.html !== shown) {
                    shown = news.html;
                    redraw(drawing, news.html);
                }
            },
        });
    }
})();
