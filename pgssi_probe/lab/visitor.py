"""Someone who visits a portal in tests: keeps cookies, fills forms, signs in and out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx

from pgssi_probe.lab.running import Lab


@dataclass
class Visitor:
    """Requests to a lab. The jar is a dictionary: what a browser would send back, whatever the attributes."""

    lab: Lab
    client: httpx.AsyncClient
    jar: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """Send a request; keywords are those of httpx."""
        headers = dict(kwargs.pop("headers", {}))
        if self.jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        response = await self.client.request(method, path, headers=headers, **kwargs)
        self.client.cookies.clear()  # the only jar is ours
        for line in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.jar.pop(name, None)
                else:
                    self.jar[name] = morsel.value
        return response

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.ask("GET", path, **kwargs)

    async def csrf(self, path: str = "/connexion") -> str:
        """The form token of a page, empty when it holds none."""
        found = re.search(r'name="csrf" value="([^"]*)"', (await self.get(path)).text)
        return found[1] if found else ""

    async def post(self, path: str, data: dict[str, str], *, form_at: str) -> httpx.Response:
        """Send a form with the token of the page that holds it."""
        return await self.ask("POST", path, data={"csrf": await self.csrf(form_at), **data})

    async def try_sign_in(self, username: str, password: str, after: str = "") -> httpx.Response:
        data = {"identifiant": username, "mot_de_passe": password, "suite": after}
        return await self.post("/connexion", data, form_at="/connexion")

    async def sign_in(self, label: str = "a") -> None:
        """Sign in with an account of the lab, which must succeed."""
        account = self.lab.accounts[label]
        response = await self.try_sign_in(account.username, account.password)
        assert response.status_code == 303, response.text  # noqa: S101

    async def is_in(self) -> bool:
        return (await self.get("/profil")).status_code == 200

    async def sign_out(self) -> httpx.Response:
        return await self.post("/deconnexion", {}, form_at="/profil")

    def twin(self) -> Visitor:
        """Someone who stole the cookies as they are now."""
        return Visitor(self.lab, self.client, dict(self.jar))
