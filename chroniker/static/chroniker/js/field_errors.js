/* What is wrong with a field, told where Django tells it after saving. */
"use strict";

window.chroniker.showErrors = function (name, messages) {
    const row = document.querySelector(`.form-row.field-${name}`);
    if (row === null) {
        return;
    }
    const id = `id_${name}_error`;
    const old = row.querySelector(".errorlist");
    const words = Array.from(old ? old.children : [], (item) => item.textContent);
    if (JSON.stringify(words) === JSON.stringify(messages)) {
        return;
    }
    if (old) {
        old.remove();
    }
    const box = row.querySelector(".flex-container");
    for (const marked of [row, box]) {
        marked?.classList.toggle("errors", messages.length > 0);
    }
    const fields = row.querySelectorAll(`#id_${name}, #id_${name}_0, #id_${name}_1`);
    for (const field of fields) {
        const others = (field.getAttribute("aria-describedby") || "")
            .split(" ")
            .filter((other) => other && other !== id);
        if (messages.length > 0) {
            field.setAttribute("aria-invalid", "true");
            others.push(id);
        } else {
            field.removeAttribute("aria-invalid");
        }
        field.setAttribute("aria-describedby", others.join(" "));
    }
    if (messages.length === 0) {
        return;
    }
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.id = id;
    for (const message of messages) {
        const item = document.createElement("li");
        item.textContent = message;
        list.append(item);
    }
    // Newer admins tell what is wrong after the help, which there stands above the field.
    const above = box?.querySelector(":scope > .help");
    if (above) {
        above.after(list);
    } else {
        row.prepend(list);
    }
    const folded = row.closest("details");
    if (folded !== null) {
        folded.open = true;
    }
};
