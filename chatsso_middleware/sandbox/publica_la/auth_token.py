"""``/auth/token``: the way into the store with a token of the site."""

from __future__ import annotations

from webob import Request, Response

from ...urls import split_web_address
from ..forms import address_of, form_of, query_of
from ..jwt_reading import BadToken, flat_claims, read_token
from .claims import Claims, Refused, check_claims
from .exchange import Reply, error, redirect, session_id_of, start_session
from .store import TOKEN_NAME, Store

__all__ = ["enter"]


def enter(store: Store, request: Request) -> Reply:
    """Log in whoever brings a good token, and send everybody else to the ``redirect_url``."""
    shown: dict[str, str] = {}
    try:
        token = _token_of(request)
        shown[TOKEN_NAME] = token
        said = read_token(token, store.key)
        shown.update(flat_claims(said))
        claims = check_claims(said, issuer=store.issuer, now=store.now())
        session = store.enter(claims, instead_of=session_id_of(request))
    except (BadToken, Refused) as refusal:
        reason = f"Nobody was logged in: {refusal}."
        return Reply(_refused(store, request, reason), reason, success=False, parameters=shown)
    address = _own_address(request, claims)
    response = redirect(address or address_of(request, "/"), 302)
    start_session(request, response, session)
    where = (
        ""
        if address or not claims.intended_url
        else " The intended_url is not on this host, so not followed."
    )
    return Reply(response, f"Logged in {store.user_of(session).name}.{where}", parameters=shown)


def _token_of(request: Request) -> str:
    """The token from where the vendor's page has it, the query or a header; or from the form of a POST."""
    places: list[str | None] = [query_of(request).get(TOKEN_NAME), request.headers.get(TOKEN_NAME)]
    if request.method == "POST":
        places.append(form_of(request).get(TOKEN_NAME))
    found = {token for token in places if token}
    if not found:
        raise Refused("there is no token")
    if len(found) > 1:
        raise Refused("there are several tokens")
    return found.pop()


def _refused(store: Store, request: Request, reason: str) -> Response:
    if store.settings.redirect_url:
        return redirect(store.settings.redirect_url, 302)
    return error(address_of(request, ""), 403, "You could not be logged in", reason)


def _own_address(request: Request, claims: Claims) -> str | None:
    """The ``intended_url`` if it is an address of this very host, as a browser reads it."""
    intended = split_web_address(claims.intended_url or "")
    own = split_web_address(request.host_url)
    if intended is None or own is None or intended.origin != own.origin:
        return None
    return None if intended.user_information is not None else claims.intended_url
