/* Keeps what is shown true: asks for news while the page is looked at, and says so if it can't. */
"use strict";

window.chroniker = (function () {
    const TIMEOUT_SECONDS = 10;

    /* The values that a template has left in <script type="application/json" id="…">. */
    function values(id) {
        const element = document.getElementById(id);
        return element === null ? null : JSON.parse(element.textContent);
    }

    async function getJson(url, options) {
        const response = await fetch(url, {
            credentials: "same-origin",
            headers: {Accept: "application/json"},
            redirect: "error",
            signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
            ...options,
        });
        if (!response.ok) {
            throw new Error(`${response.status} ${response.statusText}`);
        }
        return response.json();
    }

    /* A request that changes or checks something; fields is an object, or a FormData. */
    function postJson(url, fields) {
        const body = fields instanceof FormData ? fields : new URLSearchParams(fields);
        const token = document.querySelector("input[name=csrfmiddlewaretoken]");
        return getJson(url, {
            method: "POST",
            body: body,
            headers: {Accept: "application/json", "X-CSRFToken": token === null ? "" : token.value},
        });
    }

    const shown = new WeakMap();

    function pointsTo(element) {
        return element.getAttribute("href") || element.getAttribute("formaction");
    }

    /* HTML that the server has rendered and escaped. What is the same already is left alone, and
       a link or button that has the focus keeps it. */
    function replaceHtml(element, html) {
        if (shown.get(element) === html) {
            return;
        }
        const focused = element.contains(document.activeElement) ? document.activeElement : null;
        const parsed = new DOMParser().parseFromString(html, "text/html");
        element.replaceChildren(...parsed.body.childNodes);
        shown.set(element, html);
        if (focused !== null) {
            const same = [...element.querySelectorAll("a[href], button")].find(
                (found) => pointsTo(found) === pointsTo(focused),
            );
            if (same !== undefined) {
                same.focus({preventScroll: true});
            }
        }
    }

    /* Ask url for JSON each so many seconds while the tab is visible, and hand it to apply.

       url: a text, or a function that returns one. note: an element whose attribute
       data-failed-text, such as "Not live since %s", is shown while requests fail. apply may
       return false: there will be no more news. Returns an object with stop() and now(). */
    function poll({url, seconds, apply, note}) {
        let timer = null;
        let stopped = false;
        let asking = false;
        let lastGood = new Date();

        function tell(failed) {
            if (!note) {
                return;
            }
            note.hidden = !failed;
            const words = failed
                ? note.dataset.failedText.replace("%s", lastGood.toLocaleTimeString())
                : "";
            if (note.textContent !== words) {
                note.textContent = words;
            }
        }

        async function ask() {
            clearTimeout(timer);
            if (stopped || asking || document.hidden) {
                return;
            }
            asking = true;
            try {
                const news = await getJson(typeof url === "function" ? url() : url);
                lastGood = new Date();
                tell(false);
                stopped = stopped || apply(news) === false;
            } catch (error) {
                tell(true);
            } finally {
                asking = false;
            }
            if (!stopped && !document.hidden) {
                timer = setTimeout(ask, seconds * 1000);
            }
        }

        document.addEventListener("visibilitychange", ask);
        timer = setTimeout(ask, seconds * 1000);
        return {
            now: ask,
            stop() {
                stopped = true;
                clearTimeout(timer);
                document.removeEventListener("visibilitychange", ask);
            },
        };
    }

    return {values, getJson, postJson, replaceHtml, poll};
})();
