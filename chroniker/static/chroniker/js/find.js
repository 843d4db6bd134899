/* Finds text in elements and highlights it, without touching what is in them. */
"use strict";

window.chroniker = window.chroniker || {};

/* elements: a function that returns those to look into; left out is what is in .chroniker-gap. */
window.chroniker.finder = function (elements) {
    const MOST = 2000;
    const canHighlight = "highlights" in CSS;
    let ranges = [];
    let place = -1;

    function textNodes(element) {
        const walker = document.createTreeWalker(
            element,
            NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
            (node) => {
                if (node.nodeType === Node.TEXT_NODE) {
                    return NodeFilter.FILTER_ACCEPT;
                }
                return node.classList.contains("chroniker-gap")
                    ? NodeFilter.FILTER_REJECT
                    : NodeFilter.FILTER_SKIP;
            },
        );
        const nodes = [];
        while (walker.nextNode()) {
            nodes.push(walker.currentNode);
        }
        return nodes;
    }

    /* The ranges of all matches in an element; a match can begin in one node and end in another. */
    function matches(element, pattern) {
        const nodes = textNodes(element);
        const text = nodes.map((node) => node.data).join("");
        const found = [];
        let index = 0;
        let before = 0;

        function moveTo(offset) {
            while (index < nodes.length - 1 && before + nodes[index].length < offset) {
                before += nodes[index].length;
                index += 1;
            }
            return [nodes[index], offset - before];
        }

        for (const match of text.matchAll(pattern)) {
            const range = new Range();
            range.setStart(...moveTo(match.index));
            range.setEnd(...moveTo(match.index + match[0].length));
            found.push(range);
            if (found.length > MOST) {
                break;
            }
        }
        return found;
    }

    function highlight() {
        if (!canHighlight) {
            return;
        }
        CSS.highlights.set("chroniker-match", new Highlight(...ranges));
        const here = place < 0 ? [] : [ranges[place]];
        CSS.highlights.set("chroniker-match-here", new Highlight(...here));
    }

    return {
        most: MOST,
        get count() {
            return ranges.length;
        },
        get place() {
            return place;
        },

        /* Look for a text, as it is written but for its case; '' takes the highlights away.
           A new search begins at the first match; returns the range of the one that it is at. */
        find(text, {isNew = false} = {}) {
            const kept = isNew ? 0 : place;
            const literal = text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
            ranges = [];
            if (text !== "") {
                const pattern = new RegExp(literal, "giu");
                ranges = elements().flatMap((element) => matches(element, pattern));
            }
            place = Math.min(Math.max(kept, 0), ranges.length - 1);
            highlight();
            return ranges[place] ?? null;
        },

        /* Go on to the next match, or back with -1; returns its range, or null without any. */
        step(by) {
            if (ranges.length === 0) {
                return null;
            }
            place = (place + by + ranges.length) % ranges.length;
            highlight();
            if (!canHighlight) {
                getSelection().removeAllRanges();
                getSelection().addRange(ranges[place]);
            }
            return ranges[place];
        },
    };
};
