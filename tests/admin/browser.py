"""A browser as far as tests need one: it reads pages, fills in forms and presses buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.test import Client

Fields = dict[str, list[str]]


@dataclass
class Button:
    """A button that submits a form."""

    words: str
    attributes: dict[str, str]
    form: Form | None


@dataclass
class Form:
    """A form with the values it would post now."""

    attributes: dict[str, str]
    fields: Fields = field(default_factory=dict)


class Page(HTMLParser):
    """A page that was answered: its text, its forms, its buttons and links."""

    def __init__(self, response: Any, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.html: str = response.content.decode()
        self.forms: dict[str, Form] = {}
        self.buttons: list[Button] = []
        self.links: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._form: Form | None = None
        self._select: tuple[str, bool] | None = None
        self._textarea: str | None = None
        self._button: Button | None = None
        self._link: str | None = None
        self.feed(self.html)

    def __repr__(self) -> str:
        return f"<Page {self.url}: {' '.join(self.text.split())}>"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" and self._link is not None:
            self.handle_data("\n")
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        handler = getattr(self, f"start_{tag}", None)
        if handler:
            handler(attributes)

    def start_form(self, attributes: dict[str, str]) -> None:
        self._form = Form(attributes)
        self.forms[attributes.get("id", str(len(self.forms)))] = self._form

    def start_input(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "text")
        if kind in {"submit", "button", "image"} or not attributes.get("name"):
            return
        if kind in {"checkbox", "radio"} and "checked" not in attributes:
            return
        default = "on" if kind == "checkbox" else ""
        self._add(attributes["name"], attributes.get("value", default))

    def start_select(self, attributes: dict[str, str]) -> None:
        self._select = (attributes.get("name", ""), "multiple" in attributes)

    def start_option(self, attributes: dict[str, str]) -> None:
        if self._select is None or self._form is None:
            return
        name, multiple = self._select
        if "selected" in attributes:
            if not multiple:
                self._form.fields.pop(name, None)
            self._add(name, attributes.get("value", ""))
        elif not multiple and name not in self._form.fields:
            self._add(name, attributes.get("value", ""))

    def start_textarea(self, attributes: dict[str, str]) -> None:
        self._textarea = attributes.get("name", "")
        self._add(self._textarea, "")

    def start_button(self, attributes: dict[str, str]) -> None:
        form = self.forms.get(attributes["form"]) if "form" in attributes else self._form
        self._button = Button("", attributes, form)
        self.buttons.append(self._button)

    def start_a(self, attributes: dict[str, str]) -> None:
        self._link = attributes.get("href", "")
        self.links.append((self._link, ""))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._textarea is not None and self._form is not None:
            self._form.fields[self._textarea][-1] += data
        if self._button is not None:
            self._button.words += data
        if self._link is not None:
            url, words = self.links[-1]
            self.links[-1] = (url, words + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            if self._form is not None and self._textarea is not None:
                # The line end after the start tag is not part of the value.
                value = self._form.fields[self._textarea][-1]
                self._form.fields[self._textarea][-1] = value.removeprefix("\n")
            self._textarea = None
        elif tag == "button":
            self._button = None
        elif tag == "a":
            self._link = None

    def _add(self, name: str, value: str) -> None:
        if self._form is not None:
            self._form.fields.setdefault(name, []).append(value)

    def buttons_called(self, words: str) -> list[Button]:
        """The buttons with these words on them, but for the one that carries out an action."""
        own = [button for button in self.buttons if button.attributes.get("name") != "index"]
        return [button for button in own if button.words.strip() == words]

    def links_called(self, words: str) -> list[str]:
        """Where links with these words lead to."""
        return [url for url, said in self.links if " ".join(said.split()) == words]

    def says(self, text: str) -> bool:
        """Whether this is read on the page, however it is broken into lines."""
        return text in " ".join(self.text.split())


class Browser:
    """A logged-in person's browser. CSRF is checked, as on a real server."""

    def __init__(self, user: Any = None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        if user is not None:
            self.client.force_login(user)

    def open(self, url: str, status: int = 200) -> Page:
        """Follow a link; fails unless the page is answered with this status."""
        response = self.client.get(url)
        assert response.status_code == status, (url, response.status_code)
        return Page(response, url)

    def press(self, page: Page, words: str, index: int = 0) -> Page:
        """Press the button with these words (the first, or another); read the page that follows."""
        button = page.buttons_called(words)[index]
        form = _form_of(page, button)
        data = dict(form.fields)
        if "name" in button.attributes:
            data[button.attributes["name"]] = [button.attributes.get("value", "")]
        target = button.attributes.get("formaction") or form.attributes.get("action", "")
        return self._post(urljoin(page.url, target), data)

    def submit(self, page: Page, form_id: str, **changes: Any) -> Page:
        """Fill in a form and send it; None empties a field (an unticked box, for instance)."""
        data: dict[str, Any] = {**page.forms[form_id].fields, **changes}
        data = {name: value for name, value in data.items() if value is not None}
        action = page.forms[form_id].attributes.get("action", "")
        return self._post(urljoin(page.url, action or page.url), data)

    def post(self, url: str, **data: Any) -> Any:
        """Post with a valid CSRF token, without a page before."""
        sent = _as_sent({**data, "csrfmiddlewaretoken": self.token})
        return self.client.post(url, sent)

    @property
    def token(self) -> str:
        """The CSRF token of this browser; fetched with a page that anybody may see."""
        if "csrftoken" not in self.client.cookies:
            self.client.cookies["csrftoken"] = "a" * 32
        return str(self.client.cookies["csrftoken"].value)

    def _post(self, url: str, data: dict[str, Any]) -> Page:
        response = self.client.post(url, _as_sent(data), follow=True)
        assert response.status_code == 200, (url, response.status_code)
        followed: list[tuple[str, int]] = getattr(response, "redirect_chain", [])
        return Page(response, followed[-1][0] if followed else url)


def _as_sent(data: dict[str, Any]) -> dict[str, Any]:
    """Line ends as browsers send them, whatever the field."""
    return {
        name: [_with_crlf(each) for each in value] if isinstance(value, list) else _with_crlf(value)
        for name, value in data.items()
    }


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _form_of(page: Page, button: Button) -> Form:
    """The form a button belongs to: the one it names, which may stand further down."""
    if "form" in button.attributes:
        return page.forms[button.attributes["form"]]
    assert button.form is not None, "the button belongs to no form"
    return button.form
