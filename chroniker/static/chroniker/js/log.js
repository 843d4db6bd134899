/* The page of a log: what is printed, as it comes; more of it on demand; and finding in it. */
"use strict";

(function () {
    const root = document.getElementById("chroniker-output");
    if (root === null) {
        return;
    }
    const SECONDS = 2;
    const MOST_CHARACTERS = 2000000;
    const words = root.dataset;

    /* Nodes of HTML that the server has rendered and escaped; a line end at its start stays. */
    function nodesOf(html) {
        const parsed = new DOMParser().parseFromString(`<pre>\n${html}</pre>`, "text/html");
        return [...parsed.body.firstChild.childNodes];
    }

    function linesOf(html) {
        const lines = document.createElement("span");
        lines.className = "chroniker-lines";
        lines.append(...nodesOf(html));
        return lines;
    }

    /* Options */

    function option(name) {
        return root.querySelector(`[data-option="${name}"]`);
    }

    function isOn(name) {
        const box = option(name);
        return box !== null && box.checked;
    }

    function remembered(name) {
        try {
            return localStorage.getItem(`chroniker.log.${name}`);
        } catch (error) {
            return null;
        }
    }

    function remember(name, value) {
        try {
            localStorage.setItem(`chroniker.log.${name}`, value);
        } catch (error) {
            // Storage may be switched off: then it holds for this page only.
        }
    }

    function panes() {
        return [...root.querySelectorAll(".chroniker-output")];
    }

    function showOptions() {
        root.classList.toggle("chroniker-unwrapped", !isOn("wrap"));
        root.classList.toggle("chroniker-beside", isOn("beside"));
        for (const section of root.querySelectorAll(".chroniker-stream")) {
            section.hidden = !isOn(section.dataset.stream);
        }
        follow();
    }

    /* Following */

    function atEnd(pane) {
        return pane.scrollHeight - pane.scrollTop - pane.clientHeight < 4;
    }

    function isFollowing() {
        return "running" in root.dataset && isOn("follow");
    }

    function follow() {
        if (isFollowing()) {
            for (const pane of panes()) {
                pane.scrollTop = pane.scrollHeight;
            }
        }
    }

    /* Who scrolls up wants to read, not to follow. */
    function watchScrolling(pane) {
        let last = pane.scrollTop;
        pane.addEventListener("scroll", () => {
            if (pane.scrollTop < last && !atEnd(pane) && isFollowing()) {
                option("follow").checked = false;
            }
            last = pane.scrollTop;
        });
    }

    /* News of a run that goes on */

    function note(text) {
        const element = document.createElement("span");
        element.className = "chroniker-gap";
        element.textContent = `${text}\n`;
        return element;
    }

    function add(section, news) {
        const pane = section.querySelector(".chroniker-output");
        const openLine = pane.querySelector(".chroniker-open-line");
        const isNew = section.dataset.mark === "";
        if (news.missed && !isNew && !openLine.previousSibling.matches(".chroniker-gap")) {
            openLine.before(note(words.missedText));
        }
        if (news.lines !== "") {
            openLine.before(linesOf(news.lines));
            while (pane.textContent.length > MOST_CHARACTERS && pane.children.length > 3) {
                pane.firstElementChild.remove();
            }
        }
        if (openLine.dataset.html !== news.open_line) {
            openLine.replaceChildren(...nodesOf(news.open_line));
            openLine.dataset.html = news.open_line;
        }
        section.dataset.mark = news.mark;
        const isEmpty = pane.textContent === "";
        pane.hidden = isEmpty;
        section.querySelector(".chroniker-nothing").hidden = !isEmpty;
    }

    function apply(news) {
        window.chroniker.replaceHtml(document.getElementById("chroniker-state-line"), news.state);
        if (news.streams && !isOn("pause")) {
            for (const section of root.querySelectorAll(".chroniker-stream")) {
                add(section, news.streams[section.dataset.stream]);
            }
            follow();
            findAgain();
        }
        if (!news.running) {
            end();
        }
        return news.running;
    }

    function liveUrl() {
        const marks = new URLSearchParams();
        for (const section of root.querySelectorAll(".chroniker-stream")) {
            marks.set(section.dataset.stream, section.dataset.mark);
        }
        return `${words.liveUrl}?${marks}`;
    }

    /* The page as it is now that the run has ended; what is read at the moment stays in place. */
    async function end() {
        const replacesOutput = isFollowing() && !isOn("pause");
        delete root.dataset.running;
        for (const element of root.querySelectorAll("[data-only-running]")) {
            element.hidden = true;
        }
        const told = document.getElementById("chroniker-ended");
        told.textContent = words.endedText;
        let page = null;
        try {
            const response = await fetch(location.href, {credentials: "same-origin"});
            if (response.ok) {
                page = new DOMParser().parseFromString(await response.text(), "text/html");
            }
        } catch (error) {
            // The link below leads there.
        }
        const replaced = ["#chroniker-kin", "#log_form fieldset.module"];
        if (replacesOutput) {
            replaced.push(".chroniker-streams");
        }
        for (const selector of page === null ? [] : replaced) {
            const [old, now] = [document.querySelector(selector), page.querySelector(selector)];
            if (old !== null && now !== null) {
                old.replaceWith(document.adoptNode(now));
            }
        }
        if (page !== null && replacesOutput) {
            prepareStreams();
            for (const pane of panes()) {
                pane.scrollTop = pane.scrollHeight;
            }
            findAgain();
        } else if (root.querySelector(".chroniker-streams") !== null) {
            const link = document.createElement("a");
            link.href = location.href;
            link.textContent = words.allText;
            told.append(" ", link);
        }
    }

    /* Parts that are not shown at first */

    async function show(gap, from) {
        const pane = gap.closest(".chroniker-output");
        const asked = new URLSearchParams({
            stream: gap.closest(".chroniker-stream").dataset.stream,
            start: gap.dataset.start,
            end: gap.dataset.end,
            from: from,
            style: from === "start" ? gap.dataset.style : "",
        });
        const part = await window.chroniker.getJson(`${words.partUrl}?${asked}`);
        if (from === "start") {
            gap.before(linesOf(part.lines));
            gap.dataset.style = part.style;
        } else {
            gap.after(linesOf(part.lines));
        }
        if (part.rest === null) {
            gap.remove();
            pane.focus();
            return false;
        }
        gap.dataset.start = part.rest.start;
        gap.dataset.end = part.rest.end;
        gap.querySelector(".chroniker-gap-words").textContent = part.rest.words;
        return true;
    }

    async function press(button) {
        const gap = button.closest(".chroniker-gap");
        const buttons = [...gap.querySelectorAll("button")];
        const all = button.dataset.part === "all";
        gap.setAttribute("aria-busy", "true");
        for (const each of buttons) {
            each.setAttribute("aria-disabled", "true");
        }
        try {
            while ((await show(gap, all ? "start" : button.dataset.part)) && all) {
                // The next part.
            }
        } catch (error) {
            gap.querySelector(".chroniker-gap-words").textContent = words.failedText;
        }
        gap.removeAttribute("aria-busy");
        for (const each of buttons) {
            each.removeAttribute("aria-disabled");
        }
        findAgain();
    }

    /* Finding */

    const field = document.getElementById("chroniker-find");
    const found = document.getElementById("chroniker-found");
    const finder = window.chroniker.finder(() => panes().filter((pane) => pane.offsetParent));

    function tellFound() {
        const {count, most, place} = finder;
        let text = "";
        if (field.value !== "") {
            const template = count > most ? words.foundManyText : words.foundText;
            text = count === 0
                ? words.notFoundText
                : template
                    .replace("%(place)s", place + 1)
                    .replace("%(count)s", Math.min(count, most));
            if (root.querySelector(".chroniker-gap:not([hidden])") !== null) {
                text += ` · ${words.inPartText}`;
            }
        }
        if (found.textContent !== text) {
            found.textContent = text;
        }
    }

    function findAgain() {
        if (field !== null) {
            finder.find(field.value);
            tellFound();
        }
    }

    function goTo(range) {
        if (range === null) {
            return;
        }
        if (isFollowing()) {
            option("follow").checked = false;
        }
        const pane = range.startContainer.parentElement.closest(".chroniker-output");
        pane.scrollIntoView({block: "nearest"});
        const [here, around] = [range.getBoundingClientRect(), pane.getBoundingClientRect()];
        pane.scrollTop += here.top - around.top - pane.clientHeight / 2;
        if (here.left < around.left || here.right > around.right) {
            pane.scrollLeft += here.left - around.left - pane.clientWidth / 2;
        }
    }

    function step(by) {
        goTo(finder.step(by));
        tellFound();
    }

    function prepareFinding() {
        field.addEventListener("input", () => {
            goTo(finder.find(field.value, {isNew: true}));
            tellFound();
        });
        field.addEventListener("keydown", (event) => {
            if (event.key === "Enter") {
                event.preventDefault();
                step(event.shiftKey ? -1 : 1);
            } else if (event.key === "Escape" && field.value !== "") {
                event.preventDefault();
                field.value = "";
                findAgain();
            }
        });
        for (const button of root.querySelectorAll("[data-find]")) {
            button.addEventListener("click", () => step(button.dataset.find === "next" ? 1 : -1));
        }
    }

    /* The start */

    function prepareStreams() {
        for (const button of root.querySelectorAll("[data-part]")) {
            button.hidden = false;
            button.addEventListener("click", () => {
                if (button.closest("[aria-busy]") === null) {
                    press(button);
                }
            });
        }
        panes().forEach(watchScrolling);
        showOptions();
    }

    function prepareOptions() {
        for (const name of ["wrap", "beside"]) {
            const kept = remembered(name);
            option(name).checked = kept === null ? option(name).checked : kept === "true";
        }
        for (const box of root.querySelectorAll("[data-option]")) {
            box.addEventListener("change", () => {
                remember(box.dataset.option, box.checked);
                showOptions();
                findAgain();
            });
        }
        root.querySelector(".chroniker-bar").hidden = false;
    }

    if (field !== null) {
        prepareOptions();
        prepareStreams();
        prepareFinding();
    }
    if ("running" in root.dataset) {
        window.chroniker.poll({
            url: liveUrl,
            seconds: SECONDS,
            apply: apply,
            note: document.getElementById("chroniker-live-note"),
        });
    }
})();
