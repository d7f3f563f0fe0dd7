"""What a server does with a request, whatever the version of HTTP it came by."""

from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec import Struct

Fields = tuple[tuple[str, str], ...]


class Asked(Struct, frozen=True):
    """A request. ``path`` has the query, too; field names are in lower case."""

    method: str
    authority: str
    path: str
    fields: Fields = ()


class Reply(Struct, frozen=True):
    """A response. Content comes whole, or in ``parts`` as they are made."""

    status: int
    fields: Fields = ()
    content: bytes = b""
    parts: AsyncIterator[bytes] | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content, piece by piece; no piece is empty."""
        if self.parts is None:
            if self.content:
                yield self.content
            return
        async for part in self.parts:
            if part:
                yield part

    def all_fields(self) -> Fields:
        """The fields, with the length of content that is known."""
        names = {name for name, _ in self.fields}
        if self.parts is not None or "content-length" in names or self.status in (204, 304):
            return self.fields
        return (*self.fields, ("content-length", str(len(self.content))))


Handler = Callable[[Asked], Awaitable[Reply]]
