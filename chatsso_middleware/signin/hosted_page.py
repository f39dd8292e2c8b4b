"""The hosted login page of one site: all that its addresses need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .appearance import Appearance
from .codes import OneTimeCodes
from .embedding import Embedding
from .languages import Languages
from .pages import Links, Pages
from .sign_in import SignIn
from .templating import Templates

__all__ = ["HostedPage"]


@dataclass(frozen=True, slots=True)
class HostedPage:
    """What the endpoint ``signin`` is made of."""

    sign_in: SignIn
    pages: Pages
    languages: Languages
    links: Links
    embedding: Embedding
    codes: OneTimeCodes | None
    """There where the page may be embedded."""
    site_origin: str | None
    """What stands before our paths in an address that is copied elsewhere."""

    def close(self) -> None:
        """Close the connections that are kept open. A later login opens new ones."""
        self.sign_in.close()
        if self.codes is not None:
            self.codes.close()

    @classmethod
    def of(
        cls,
        options: Mapping[str, Any],
        sign_in: SignIn,
        *,
        store: str = "memory:",
        site_origin: str | None = None,
        chat_origins: Sequence[str] = (),
        framed_by: Sequence[str] = (),
    ) -> HostedPage:
        """The page that `options` describe: a value for every key of `signin.options.KEYS`.

        `store` is the setting of that name. `chat_origins` are where a login may lead; `framed_by` those of
        chats that show the page in a frame by themselves. Raises `ValueError` for a language without texts.
        """
        folder = options["templates"]
        appearance = Appearance(
            title=options["title"],
            logo=options["logo"],
            font=options["font"],
            stylesheet=options["stylesheet"],
            own_templates=folder is not None,
            **({} if options["color"] is None else {"color": options["color"]}),
        )
        links = Links(
            reset=options["reset_url"],
            terms=options["terms_url"],
            faq=options["faq_url"],
            terms_required=options["terms_required"],
        )
        languages = Languages(options["languages"], folder)
        embedding = Embedding(options["embed_origins"])
        return cls(
            sign_in=sign_in,
            pages=Pages(
                appearance,
                languages,
                Templates(folder),
                links,
                form_targets=chat_origins,
                framed_by=framed_by,
            ),
            languages=languages,
            links=links,
            embedding=embedding,
            codes=OneTimeCodes(store) if embedding else None,
            site_origin=site_origin,
        )
