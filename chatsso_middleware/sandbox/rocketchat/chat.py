"""The state of a stand-in Rocket.Chat: users, tokens, settings, messages. It knows no HTTP."""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from ..calls import CallLog
from ..faults import Faults
from .behaviour import SERVER_VERSIONS, Behaviour
from .logins import Logins
from .passwords import password_digest
from .refusals import Refused
from .rooms import Message, Rooms
from .settings import ChatSettings
from .tokens import TOKEN_LIFE, LoginToken, NewToken, Tokens, hash_token
from .users import User, Users

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from .documents import UserCollection

__all__ = ["SERVICE_ACCOUNT", "Chat", "Client"]

SERVICE_ACCOUNT: Final = "sandbox.service"
"""The username of the account by which a site calls the API."""
SERVICE_ACCOUNT_ID: Final = "sandboxServiceAcc"
"""Its id, always the same, so that a site's settings outlive the sandbox."""

_SECRETS: Final = frozenset({"password", "pass", "secret", "credentialsecret", "code", "digest", "hashed"})
_TOKENS: Final = frozenset({"token", "resume", "resumetoken", "authtoken", "credentialtoken"})


class Client(Protocol):
    """Somebody who is connected by the realtime protocol."""

    @property
    def login_token(self) -> str | None:
        """The hash of the token with which it is logged in."""

    def hear(self, message: Message) -> None:
        """Be told of something that was said."""

    def close(self) -> None:
        """Be disconnected."""


class Chat:
    """A chat in memory, or with its users in a MongoDB collection. Any thread may call every method."""

    def __init__(
        self,
        *,
        server_version: str = SERVER_VERSIONS[-1],
        settings: ChatSettings | None = None,
        behaviour: Behaviour | None = None,
        admin_token: str | None = None,
        create_tokens: bool = True,
        token_secret: str | None = None,
        token_life: timedelta = TOKEN_LIFE,
        mongodb: UserCollection | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since the epoch; the rest is as `serve` has it."""
        if server_version not in SERVER_VERSIONS:
            raise ValueError(f"the server version is one of {', '.join(SERVER_VERSIONS)}")
        major, _, minor = server_version.partition(".")
        self.version = int(major), int(minor)
        self.settings = settings or ChatSettings()
        self.behaviour = behaviour or Behaviour()
        self.create_tokens = create_tokens
        self.token_secret = token_secret or f"sandbox-{secrets.token_urlsafe(18)}"
        self.settings_token = secrets.token_urlsafe(18)
        """Proves that the form with the settings was filled in on the chat's own page."""
        self.calls = CallLog(clock, secrets=_SECRETS, tokens=_TOKENS)
        self.faults = Faults(on="/api/")
        self.fail_with = self.faults.fail_with
        self.recover = self.faults.recover
        self.clock = clock
        self._lock = threading.RLock()
        self._users = Users(mongodb, clock)
        self._tokens = Tokens(self._users, clock, token_life)
        self._logins = Logins(self._users, self._tokens)
        self._rooms = Rooms(clock)
        self._clients: set[Client] = set()
        service = self._users.by_id(SERVICE_ACCOUNT_ID) or self._users.create(
            SERVICE_ACCOUNT,
            email="service@chat.invalid",
            name="Service account",
            roles=("admin", "bot"),
            user_id=SERVICE_ACCOUNT_ID,
        )
        self.admin_user_id = service.id
        self.admin_token = self._tokens.add_personal(service, admin_token)

    def __repr__(self) -> str:  # tokens and secrets are everywhere else
        return f"Chat({'.'.join(map(str, self.version))}, {len(self.users)} users)"

    # Permissions

    def permits(self, user: User | None, permission: str) -> bool:
        """Whether `user` is an administrator, and administrators have this permission."""
        return user is not None and "admin" in user.roles and permission in self.behaviour.permissions

    def no_permission(self) -> Refused:
        """What somebody without a permission is told."""
        error = "error-forbidden" if self.version >= (8, 0) else "error-unauthorized"
        return Refused(error, "User does not have the permissions required for this action")

    # Users

    @property
    def users(self) -> tuple[User, ...]:
        """Every user but the service account, the oldest first."""
        with self._lock:
            return tuple(user for user in self._users.all() if user.id != self.admin_user_id)

    @property
    def users_collection(self) -> UserCollection:
        """The users' documents, for a test that plays a site with access to the chat's database."""
        return self._users.collection

    def user(self, who: str) -> User | None:
        """The user with this id, username or email address."""
        with self._lock:
            return self._users.by_id(who) or self._users.by_username(who) or self._users.by_email(who)

    def user_by(self, kind: Literal["id", "username", "email"], value: str) -> User | None:
        """The user whose id, username or address is `value`; nothing else is compared with it.

        An address is looked for in lower case, and found where it is stored so.
        """
        find = {
            "id": self._users.by_id,
            "username": self._users.by_username,
            "email": self._users.by_stored_email,
        }
        with self._lock:
            return find[kind](value)

    def has_address(self, address: str) -> bool:
        """Whether somebody has `address`, in whatever case."""
        with self._lock:
            return self._users.by_email(address) is not None

    def search_users(self, term: str, *, with_addresses: bool) -> tuple[User, ...]:
        """The users in whose names, or addresses if these may be seen, `term` stands, the oldest first."""
        with self._lock:
            return self._users.search(term, with_addresses=with_addresses)

    def add_user(
        self,
        username: str,
        *,
        email: str | None = None,
        name: str | None = None,
        password: str | None = None,
        verified: bool = True,
    ) -> User:
        """A new user, with ``USERNAME@example.com`` unless given. Raises `Refused` for what is taken.

        `verified` says whether the chat has seen the address to be his, as it has not after a registration.
        """
        with self._lock:
            return self._users.create(
                username,
                email=email or f"{username}@example.com",
                name=username if name is None else name,
                password=password,
                verified=verified,
            )

    def update_user(self, user: User, changes: Mapping[str, Any]) -> User:
        """Change a user, in the words of ``users.update``; see `Users.update`. Tokens stay."""
        with self._lock:
            return self._users.update(user, changes)

    def set_avatar(self, user: User, address: str) -> User:
        """Give `user` a picture."""
        with self._lock:
            return self._users.set(user, {"avatarUrl": address})

    def set_status(self, user: User, status: str) -> User:
        """Whether `user` wants to be seen as ``online``, ``away``, ``busy`` or ``offline``."""
        with self._lock:
            return self._users.set(user, {"statusDefault": status})

    def set_active(self, user: User, *, active: bool) -> User:
        """Let `user` log in, or not any more: all tokens go, and connected clients are disconnected."""
        with self._lock:
            changed = self._users.set(user, {"active": active})
        if not active:
            self.log_out_everywhere(changed)
        return changed

    def require_two_factor(self, user: User) -> User:
        """From now on a login with the password needs `TWO_FACTOR_CODE` as well."""
        with self._lock:
            return self._users.set(user, {"services.totp": {"enabled": True}})

    def delete_user(self, user: User) -> None:
        """Remove `user`, tokens and all."""
        self.log_out_everywhere(user)
        with self._lock:
            self._users.delete(user)

    # Logins

    def log_in(
        self, *, password: str = "", digest: str = "", username: str = "", email: str = "", code: str | None
    ) -> NewToken:
        """Log in with a password, or with its digest."""
        with self._lock:
            return self._logins.with_password(
                digest=digest or password_digest(password), username=username, email=email, code=code
            )

    def resume(self, token: str) -> NewToken:
        """Log in with a login token."""
        with self._lock:
            return self._logins.with_token(token)

    def log_in_by_iframe(self, token: str) -> NewToken:
        """Log in with the token in the user's document, which a site put there."""
        with self._lock:
            return self._logins.with_iframe_token(token)

    def log_in_by_credential(self, credential: str, secret: str) -> NewToken:
        """Log in with what an OAuth login left behind."""
        with self._lock:
            return self._logins.with_credential(credential, secret)

    def add_oauth_credential(self, user: User) -> tuple[str, str]:
        """Credential and secret of an OAuth login of `user`, which the realtime login takes once."""
        with self._lock:
            return self._logins.add_credential(user)

    def mint_token(self, user: User) -> NewToken:
        """A new login token for `user`."""
        with self._lock:
            return self._tokens.mint(user)

    def tokens_of(self, user: User) -> tuple[LoginToken, ...]:
        """The login tokens that `user` has now, the oldest first."""
        with self._lock:
            current = self._users.by_id(user.id)
            return () if current is None else self._tokens.of(current)

    def token_owner(self, token: str) -> User | None:
        """Who is logged in by this token; `None` for one that was revoked, has expired, or never was."""
        with self._lock:
            found = self._tokens.find(token)
        if found is None or self._tokens.has_expired(found[1]) or not found[0].active:
            return None
        return found[0]

    def log_out(self, token: str) -> None:
        """Revoke one token; who is connected with it is disconnected."""
        with self._lock:
            found = self._tokens.find(token)
            if found is not None:
                self._tokens.drop(found[0], hash_token(token))
        self._disconnect({hash_token(token)})

    def log_out_everywhere(self, user: User) -> None:
        """Revoke every token of `user`; who is connected with one is disconnected."""
        with self._lock:
            hashes = {token.hashed for token in self.tokens_of(user)}
            self._tokens.drop_all(user)
        self._disconnect(hashes)

    # Messages and those who listen

    def say(self, room: str, author: User, text: str) -> Message:
        """Post a message, and tell whoever is connected. Raises `Refused` for a blank or too long one."""
        with self._lock:
            message = self._rooms.say(room, author, text)
            clients = tuple(self._clients)
        for client in clients:
            client.hear(message)
        return message

    def messages(self, room: str) -> tuple[Message, ...]:
        """What was said in one channel, the oldest first."""
        with self._lock:
            return self._rooms.messages(room)

    def connect(self, client: Client) -> None:
        """Remember a client until `disconnect`."""
        with self._lock:
            self._clients.add(client)

    def disconnect(self, client: Client) -> None:
        """Forget a client that has gone."""
        with self._lock:
            self._clients.discard(client)

    @property
    def connected(self) -> int:
        """How many clients are connected by the realtime protocol."""
        with self._lock:
            return len(self._clients)

    def close_connections(self) -> None:
        """Disconnect every client, as a server does that is stopped."""
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            client.close()

    def _disconnect(self, hashes: Iterable[str]) -> None:
        with self._lock:
            clients = [client for client in self._clients if client.login_token in set(hashes)]
        for client in clients:
            client.close()
