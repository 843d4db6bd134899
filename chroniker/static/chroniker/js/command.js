/* The arguments of the chosen command as fields, in step with their text.

   The server reads and writes: it knows the command's own parser. */
"use strict";

(function () {
    const PAUSE = 250; // milliseconds without a key

    const page = document.getElementById("chroniker-job-page");
    const text = document.getElementById("id_args");
    const select = document.getElementById("id_command");
    if (page === null || text === null || !(select || page.dataset.command)) {
        return; // nothing that this person could change
    }
    const textRow = text.closest(".form-row");
    const fields = makeFields();
    const help = makeHelp();
    let structure = null;
    let latest = 0;
    let timer = null;
    let pending = null; // what was filled in and is not yet part of the text

    function makeFields() {
        const row = document.createElement("div");
        row.className = "form-row chroniker-arguments-row";
        row.setAttribute("role", "group");
        row.setAttribute("aria-label", page.dataset.argumentsText);
        row.hidden = true;
        textRow.after(row);
        return row;
    }

    function makeHelp() {
        const element = document.createElement("div");
        element.className = "help chroniker-command-help";
        element.setAttribute("role", "status");
        (select || text).closest(".form-row").append(element);
        return element;
    }

    function command() {
        return select === null ? page.dataset.command : select.value;
    }

    function filledIn() {
        const filled = {};
        for (const field of fields.querySelectorAll("[data-argument]")) {
            const isBox = field.type === "checkbox";
            filled[`field:${field.dataset.argument}`] = isBox
                ? field.checked ? "1" : ""
                : field.value;
        }
        return filled;
    }

    async function ask(filled) {
        latest += 1;
        const number = latest;
        if (command() === "") {
            structure = null;
            fields.hidden = true;
            help.textContent = "";
            return;
        }
        let answer;
        try {
            const asked = {command: command(), args: text.value, ...filled};
            answer = await window.chroniker.postJson(page.dataset.commandUrl, asked);
        } catch (error) {
            answer = {problem: String(error.message)};
        }
        if (number === latest) {
            show(answer, filled);
        }
    }

    function show(answer, filled) {
        fields.hidden = false;
        if (answer.problem !== undefined) {
            structure = null;
            help.textContent = "";
            const words = document.createElement("p");
            words.className = "chroniker-problem";
            words.textContent = answer.problem;
            fields.replaceChildren(words);
            return;
        }
        help.textContent = answer.help;
        if (filled === null || answer.structure !== structure) {
            replace(answer.html);
            structure = answer.structure;
        }
        if (filled !== null && text.value !== answer.args) {
            text.value = answer.args;
        }
        // Nobody has to be told that what is required is missing before there is anything.
        const isNew = text.value.trim() === "" && filled === null;
        window.chroniker.showErrors("args", answer.fault && !isNew ? [answer.fault] : []);
    }

    function replace(html) {
        const focused = fields.contains(document.activeElement) ? document.activeElement.id : "";
        const unfolded = fields.querySelector("details[open]") !== null;
        if (focused) {
            document.activeElement.blur();
        }
        delete fields.dataset.chronikerHtml;
        window.chroniker.replaceHtml(fields, html);
        const folded = fields.querySelector("details");
        if (folded !== null) {
            folded.open = unfolded;
        }
        if (focused) {
            const again = document.getElementById(focused);
            if (again !== null) {
                again.focus();
            }
        }
    }

    function soon(work) {
        clearTimeout(timer);
        timer = setTimeout(work, PAUSE);
    }

    async function write() {
        clearTimeout(timer);
        const filled = pending;
        await ask(filled);
        if (pending === filled) {
            pending = null;
        }
    }

    function fill() {
        pending = filledIn();
        soon(write);
    }

    fields.addEventListener("input", fill);
    text.addEventListener("input", () => {
        pending = null;
        soon(() => ask(null));
    });
    if (select !== null) {
        select.addEventListener("change", () => {
            pending = null;
            ask(null);
        });
    }
    text.form.addEventListener("submit", (event) => {
        if (pending !== null) {
            event.preventDefault();
            write().then(() => text.form.requestSubmit(event.submitter));
        }
    });
    ask(null);
})();
